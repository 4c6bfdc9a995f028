"""Records of each source, read into denials. Pure: no I/O, and knows no other room."""
