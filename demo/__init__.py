"""A year of real grocery baskets, sold through the service by 64 clients at once, then audited.

Nothing here imports the service: it is started as a process and spoken to over HTTP, as a shop's
till would. What the levels should be afterwards is computed from the sale lines alone.
"""
