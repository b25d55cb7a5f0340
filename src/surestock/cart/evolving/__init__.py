"""What each event makes of a product, a cart or a checkout, one file a family.

Every function checks that its event can follow from the state, and raises ``InvariantViolation``
when it cannot: that is how a replay refuses a damaged log.
"""
