"""RAM 2015-05-01: users, groups, roles, policies and their versions."""
