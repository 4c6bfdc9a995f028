"""The checklists of the documentation's FAQ: one module for each question, each a visible tuple of checks."""
