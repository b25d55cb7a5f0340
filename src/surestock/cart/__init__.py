"""Catalog, carts and checkouts: what they are and how they change. Pure, as ``inventory`` is.

Whoever talks to a commerce platform stands above (``mirror``, ``checkout``); here is only what is
decided and recorded.
"""
