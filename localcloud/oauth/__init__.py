"""Alibaba Cloud's OAuth service, with which people sign in to applications of an account."""
