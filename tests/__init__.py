"""The tests: each name reads as a sentence of the specification."""
