"""Rolemend: says why a permission failed on Alibaba Cloud EMR, mends what is safe, and tells a person the rest."""

__version__ = "0.1.0"
