"""Makes what is deployed: an archive for each function, and the layer that they share."""
