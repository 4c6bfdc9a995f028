"""Function Compute: the function host, both invoke paths and the triggers."""
