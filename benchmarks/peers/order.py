"""One reserve on its way through a peer's transaction, and the checks that both peers share."""

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from benchmarks.peers.contract import Refused, ReserveBody, Reserved


@dataclass(frozen=True, slots=True)
class Order:
    """A validated reserve: what, where, under which key, and the names it gives what it makes."""

    store_id: str
    sku: str
    body: ReserveBody
    key: str | None
    expected_version: int | None
    reservation_id: uuid.UUID = field(default_factory=uuid.uuid4)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def expires_at(self) -> datetime | None:
        """When the reservation ends by itself, or None."""
        seconds = self.body.ttl_seconds
        return None if seconds is None else self.at + timedelta(seconds=seconds)

    def fingerprint(self) -> str:
        """Return the hash of what the client asked for."""
        asked = f"{self.store_id} {self.sku} {self.expected_version} {self.body.model_dump_json()}"
        return hashlib.sha256(asked.encode()).hexdigest()

    def check(self, on_hand: int, reserved: int, version: int) -> None:
        """Raise Refused when the state does not allow this reserve."""
        if self.expected_version is not None and self.expected_version != version:
            raise Refused(HTTPStatus.CONFLICT, "VersionConflict")
        if self.body.qty > on_hand - reserved:
            raise Refused(HTTPStatus.CONFLICT, "InsufficientStock")

    def reply(self, sequence: int, on_hand: int, reserved: int, version: int) -> Reserved:
        """Return the answer: the stock record after this reserve."""
        return Reserved(
            store_id=self.store_id,
            sku=self.sku,
            qty=on_hand - reserved,
            on_hand=on_hand,
            reserved=reserved,
            version=version,
            updated_at=self.at,
            sequence=sequence,
            reservation_id=str(self.reservation_id),
            expires_at=self.expires_at,
        )
