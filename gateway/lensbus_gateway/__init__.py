"""The gateway: HTTP and Server-Sent Events in front of the bus."""
