"""What every process needs: settings, sockets, logs, lifecycle, a command client."""
