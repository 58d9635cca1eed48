"""The commands, one module for each group. `add_to` of a module adds its commands."""
