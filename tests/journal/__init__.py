"""The event log on disk: what it holds, what it refuses, what it does when the disk fails."""
