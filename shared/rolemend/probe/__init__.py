"""Probes: questions to a cloud that its pages leave open, asked with a few calls on resources of their own."""
