"""What each function does, over the interfaces of the account and the ledger; one module for each function."""
