"""Errors pasted as text, told apart and answered: what was denied, why, and what to do."""
