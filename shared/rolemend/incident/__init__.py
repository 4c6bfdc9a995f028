"""The life of an incident, and the ledger that keeps it."""
