"""Starting and stopping a whole system on one machine."""
