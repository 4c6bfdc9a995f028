"""CloudMonitor: rules that route system events."""
