"""What the service tells of itself: one log line a request, and counters."""
