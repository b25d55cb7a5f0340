"""Who may do what: API keys, stored hashed in a file that is read again when it changes."""
