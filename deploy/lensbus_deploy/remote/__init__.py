"""A running system as its HTTP clients see it, on this machine or on another one."""
