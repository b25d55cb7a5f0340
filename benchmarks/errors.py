"""What can end a run early, each with one sentence for the person who started it."""


class BenchmarkError(Exception):
    """The run cannot go on; the message says why in one sentence."""


class SetupError(BenchmarkError):
    """Something that the machine must provide is missing or unfit; found before any load."""


class UnsoundMeasurement(BenchmarkError):
    """A server failed, or its books do not agree with what it answered."""
