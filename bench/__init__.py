"""Benchmarks, each printing a ratio taken in the same run."""
