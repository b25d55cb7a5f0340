"""The root of every error that Surestock raises on purpose."""


class SurestockError(Exception):
    """Something went wrong in a way that the caller can name and handle."""


class Refusal(SurestockError):
    """A command was understood and declined. Nothing was changed and nothing was recorded.

    ``request_id`` is the request that was refused first: a replay of a remembered refusal carries
    it, so that the replayed answer equals the first one byte for byte.
    """

    request_id: str | None = None


class Unavailable(SurestockError):
    """The command was not carried out, and trying again may succeed.

    ``retry_after_s`` is whole seconds, at least 1.
    """

    retry_after_s: int = 1
