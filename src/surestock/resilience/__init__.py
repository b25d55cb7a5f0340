"""How to go on when something fails: retries with backoff."""
