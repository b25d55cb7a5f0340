"""The central view, kept by a process of its own: every SKU over all stores, folded from the log.

The view is one value in memory: the newest snapshot and the log after it. So a tick costs as much
as the changes it folds, however many SKUs there are, and no change is folded twice: what is in the
view and how far it is are the same memory. What outlives the process stands in ``central/``, and
may be deleted while nobody works on it:

- ``dead-letters.ndjson``: what was decided about changes that could not be folded
- ``checkpoint.json``: how far the view was, and what it still needed of the log
"""
