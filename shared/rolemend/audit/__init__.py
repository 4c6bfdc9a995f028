"""The audit: reads a whole account without a failure having happened, and judges what it read.

`sweep` reads (each thing once), the modules of checks judge, `model` holds what they say.
"""
