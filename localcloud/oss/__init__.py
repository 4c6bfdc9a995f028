"""OSS:  buckets, objects and their access control."""
