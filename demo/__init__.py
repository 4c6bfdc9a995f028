"""The demo: real denied calls on the local cloud, and what Rolemend makes of them. `make demo` runs it."""
