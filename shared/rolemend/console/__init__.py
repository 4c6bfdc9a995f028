"""The web pages on which people read incidents and decide about plans, and who may see and do what there."""
