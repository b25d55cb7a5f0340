"""The way of bytes to the application, and what keeps clients from holding anything on it."""
