"""The process: its settings, what is wired to what, and how it starts and ends."""
