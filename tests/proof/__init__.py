"""Proofs: the real service in a process of its own, attacked from outside, judged by its clients.

Each proof has teeth: a variant that is broken on purpose (see ``broken``) and that it must catch.
"""
