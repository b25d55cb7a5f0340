"""Whether changes are taken on, and if not, why: for the probe, and for the metric like it."""

from surestock.api.service import Service


def unready(service: Service) -> list[str]:
    """Return in words why no change should be sent here now; nothing when it may be."""
    reasons = list(service.engine.status().reasons)
    if not service.admission.has_room:
        reasons.append("the queue of changes is full")
    if service.feed.closed:
        reasons.append("the process was told to end")
    return reasons
