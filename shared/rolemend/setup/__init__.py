"""Everything that Rolemend needs in an account beside its functions: planned as a difference, applied, taken away."""
