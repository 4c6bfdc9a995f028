"""The forms of a report, one module for each, and what they share: the rows that all of them show."""
