"""The broker: relay of events and pictures, registry of cameras, routing of commands."""
