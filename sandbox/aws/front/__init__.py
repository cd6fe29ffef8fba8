"""The way of a call: from the socket to a service and back, and what is remembered on the way."""
