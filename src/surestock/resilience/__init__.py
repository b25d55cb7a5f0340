"""How to go on when something fails or is too much: retries, breakers, limits, bulkheads."""
