"""OpenAPI Explorer: the logs of single OpenAPI calls."""
