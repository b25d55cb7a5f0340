"""Which leases this process has, who of its commands uses them, and what became of each job.

Whoever comes first has a lease acquired, and whoever leaves last has it released: everybody else
only counts. Nothing here waits.
"""

from collections.abc import Callable, Sequence

from surestock.locking.lease import LeaseHeld, LeaseLost
from surestock.locking.outage import Outage
from surestock.locking.share import Job, Share, Verb
from surestock.telemetry.locks import LockMetrics
from surestock.telemetry.log import Log


class LeaseBook:
    """The shares that commands can join, by key. Kept on the event loop.

    ``put`` hands jobs over to be carried out, in order; :meth:`settle` has to be called with each.
    """

    def __init__(
        self,
        put: Callable[[Sequence[Job]], None],
        metrics: LockMetrics,
        outage: Outage,
        log: Log,
    ) -> None:
        self._shares: dict[str, Share] = {}
        self._put = put
        self._metrics = metrics
        self._outage = outage
        self._log = log

    def __len__(self) -> int:
        """Return how many shares there are, with a lease or one on its way."""
        return len(self._shares)

    def join(self, keys: Sequence[str], about: str) -> list[Share]:
        """Let a command use the leases on ``keys``, and have those acquired that are new."""
        shares: list[Share] = []
        jobs: list[Job] = []
        for key in keys:
            share = self._shares.get(key)
            if share is None:
                share = self._shares[key] = Share(key, about)
                jobs.append(share.taken)
            share.users += 1
            shares.append(share)
        if jobs:
            self._put(jobs)
        return shares

    def leave(self, shares: Sequence[Share]) -> list[Job]:
        """Let a command leave ``shares``; return the releases of those that nobody uses any more.

        A lease whose acquisition is on its way is released after it.
        """
        jobs: list[Job] = []
        for share in shares:
            share.users -= 1
            if not share.users and self._drop(share):
                jobs.append(Job(Verb.RELEASE, share))
        if jobs:
            self._put(jobs)
        return jobs

    def renew(self, shares: Sequence[Share]) -> list[Job]:
        """Have ``shares`` renewed, each once at a time; return the renewals, earlier ones too."""
        jobs: list[Job] = []
        renewals: list[Job] = []
        for share in shares:
            if share.renewal is None:
                share.renewal = Job(Verb.RENEW, share)
                jobs.append(share.renewal)
            renewals.append(share.renewal)
        if jobs:
            self._put(jobs)
        return renewals

    def renew_due(self, until: float) -> list[Job]:
        """Have those renewed whose time is over at ``until``, and return the renewals."""
        shares = self._shares.values()
        return self.renew(
            [each for each in shares if each.lease and each.lease.expires_at <= until]
        )

    def release_all(self) -> None:
        """Have everything released, whoever uses it."""
        self._put([Job(Verb.RELEASE, share) for share in self._shares.values()])
        self._shares.clear()

    def settle(self, jobs: Sequence[Job]) -> None:
        """Take note of jobs that are done, in their order, and wake who waits for them."""
        for job in jobs:
            if job.share is None:
                self._outage.probed(job.error)
            else:
                self._note(job, job.share)
            job.done.set()

    def _note(self, job: Job, share: Share) -> None:
        if job.error is not None and not isinstance(job.error, OSError | LeaseHeld | LeaseLost):
            self._log.error("a lease was not worked on", verb=job.verb.name, exc_info=job.error)
        self._metrics.expired += job.found_over
        if job.verb is Verb.RELEASE:
            self._note_release(job)
            return
        if isinstance(job.error, OSError):
            self._outage.failed(job.error)
        else:
            self._outage.worked()
        if job.verb is Verb.ACQUIRE:
            self._note_acquire(job, share)
        else:
            self._note_renewal(job, share)

    def _note_acquire(self, job: Job, share: Share) -> None:
        share.lease = job.lease
        if job.lease is not None:
            self._metrics.acquired += 1
            self._metrics.stolen += job.lease.stolen
            return
        self._metrics.contended += isinstance(job.error, LeaseHeld)
        share.why_none = job.error
        self._drop(share)

    def _note_renewal(self, job: Job, share: Share) -> None:
        share.renewal = None
        if isinstance(job.error, LeaseLost):
            self._metrics.lost += 1
            share.lease = None
            share.why_none = job.error
            self._drop(share)
        elif job.lease is not None:
            # A renewal that failed leaves the lease as it is: it may run out.
            share.lease = job.lease

    def _note_release(self, job: Job) -> None:
        if isinstance(job.error, LeaseLost):
            self._metrics.lost += 1
        elif job.error is not None:
            self._metrics.release_failures += 1

    def _drop(self, share: Share) -> bool:
        if self._shares.get(share.key) is not share:
            return False
        del self._shares[share.key]
        return True
