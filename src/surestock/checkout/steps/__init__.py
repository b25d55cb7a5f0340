"""The steps of a checkout, in their order: begin, align, prepare, place, settle, clean.

Each file holds what a step does and, beside it, how it is taken back, or why it need not be, or
cannot be.
"""
