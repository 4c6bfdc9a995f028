"""STS 2015-04-01: role sessions."""
