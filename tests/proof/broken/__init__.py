"""The service with one promise broken on purpose: the teeth of the proofs.

``python -m tests.proof.broken NAME serve`` replaces calls of the operating system, or a step of the
product, before it runs. No flag of the product is involved, and nothing here is imported by a test.
"""
