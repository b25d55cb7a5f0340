"""Sorted runs: nothing that was put in is ever missed, and nothing damaged is ever believed."""
