"""A disk that fails by a plan: which failpoints fail, how, how often, drawn from a seed."""
