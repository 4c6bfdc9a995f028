"""The message, and its delivery."""
