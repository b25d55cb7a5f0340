"""The derived side: what snapshots, the central view and indexes of old keys cost beside the API.

Nothing of it may show where a client waits: each figure is a ratio of the API with it to the API
without it, or of what it does to what the API does, taken in one run.

``log_maker`` writes long logs fast, ``upkeep`` runs what the worker runs, ``disturbance``,
``snapshot_start``, ``fold``, ``catch_up``, ``worker_share`` and ``keys`` measure, ``figures`` holds
what they found and ``claims`` judges it; ``parts`` knows them all by name.
"""
