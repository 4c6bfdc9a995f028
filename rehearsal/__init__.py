"""A user's own account as a state of the local cloud, and its past events through the real functions there.

`snapshot` reads the account into a file, `rehearse` plays history on it. Nothing here changes the live account.
"""
