"""The gateway through which code reads and changes the cloud account; the only room that imports a cloud SDK."""
