"""Request signatures, one module for each family of services. Each verifies a call and answers its caller."""
