"""Attacks on the engine that keeps stock in PostgreSQL."""
