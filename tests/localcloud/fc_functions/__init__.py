"""Sample functions for the tests of the function host, and the way they are deployed."""
