"""From a cart to at most one order: a saga whose every step is recorded, and its recovery."""
