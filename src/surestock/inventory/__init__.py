"""The domain: stock levels and reservations, the commands that change them, the events that tell.

Everything here is pure: no clock, no asyncio, no I/O. ``decide`` turns a command into events,
``evolve`` turns an event into new state, and both check the same invariants.
"""
