"""What the command `rolemend` can do, one module for each command.

`add_command` of each is all that a start imports; what the command needs is imported when it runs.
"""
