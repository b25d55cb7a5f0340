"""Benchmarks: Surestock next to its peers, all of them in one run on one machine.

A figure alone says little about a design and much about the machine it came from. So every
figure here stands beside the same figure of a peer, taken in the same minutes and interleaved
with it, and what the report judges are ratios. Run them with ``python -m benchmarks``.
"""
