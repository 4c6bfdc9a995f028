"""What an ECS instance sees of itself: the metadata service, and MetaService of old EMR releases."""
