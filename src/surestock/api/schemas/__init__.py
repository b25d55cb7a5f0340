"""The shapes of the contract: what a body may hold, and what an answer holds."""
