"""Benchmarks: each prints a figure, and a ratio to something plain that was measured in the same run."""
