"""What to do about a denial: typed fixes, the four forms in which each is shown, and the fix for each cause. Pure."""
