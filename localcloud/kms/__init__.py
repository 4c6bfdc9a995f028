"""Key Management Service: secrets."""
