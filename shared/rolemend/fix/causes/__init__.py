"""The fix for each cause, from names alone: what is advised where nothing more exact is known."""
