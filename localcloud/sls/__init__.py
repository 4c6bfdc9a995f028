"""Simple Log Service:  projects, logstores and shards."""
