"""Break what the first word names, then run the product with the others."""

import runpy
import sys
from collections.abc import Callable

from tests.proof.broken import (
    checkout,
    disk,
    end,
    mirror,
    overload,
    postgres,
    room,
    several,
    start,
    upkeep,
    web,
    worker,
)

_TEETH: dict[str, Callable[[], None]] = {
    "no-fdatasync": disk.no_fdatasync,
    "deaf-fdatasync": disk.deaf_fdatasync,
    "no-file-fsync": disk.no_file_fsync,
    "no-directory-fsync": disk.no_directory_fsync,
    "late-write": disk.late_write,
    "undurable-read": disk.undurable_read,
    "forgetful-worker": worker.forgetful,
    "repeating-worker": worker.repeating,
    "unheld-worker": worker.unheld,
    "poisoned-worker": worker.poisoned,
    "worker-without-upkeep": worker.without_upkeep,
    "stubborn-worker": worker.stubborn,
    "careless-worker": worker.careless,
    "unlink-before-archive": upkeep.unlink_before_archive,
    "unlink-before-snapshot": upkeep.unlink_before_snapshot,
    "believed-snapshot": start.believed_snapshot,
    "no-index-at-start": start.no_index,
    "uncovered-end": start.uncovered_end,
    "impatient-feed": start.impatient_feed,
    "no-backpressure": start.no_backpressure,
    "endless-patience": start.endless_patience,
    "impatient-web": web.impatient,
    "patient-with-heads": web.patient_with_heads,
    "patient-with-bodies": web.patient_with_bodies,
    "patient-with-idlers": web.patient_with_idlers,
    "endless-heads": web.endless_heads,
    "no-hold": overload.no_hold,
    "unbounded-queue": overload.unbounded_queue,
    "endless-wait": overload.endless_wait,
    "no-prober": room.no_prober,
    "blind-prober": room.blind_prober,
    "end-at-once": end.at_once,
    "end-that-cuts": end.cut_answers,
    "end-that-drops": end.dropped_batches,
    "no-announcement": checkout.no_announcement,
    "everybodys-turn": checkout.everybodys_turn,
    "patient-turn": several.patient_turn,
    "no-lease-check": several.no_lease_check,
    "stale-turn": several.stale_turn,
    "deaf-reads": several.deaf_reads,
    "reads-of-the-overlay": several.reads_of_the_overlay,
    "no-writer-lock": several.no_writer_lock,
    "blocking-turn": several.blocking_turn,
    "own-keys-only": several.own_keys_only,
    "helpless-without-leases": several.helpless_without_leases,
    "mirror-in-the-way": mirror.in_the_way,
    "discouraged-mirror": mirror.discouraged,
    "no-key-rows": postgres.no_key_rows,
    "hasty-doubt": postgres.hasty_doubt,
    "unchecked-server": postgres.unchecked_server,
    "cached-reads": postgres.cached_reads,
    "unlocked-rows": postgres.unlocked_rows,
    "patient-with-the-database": postgres.patient_with_the_database,
    "everybodys-database-turn": postgres.everybodys_turn,
    "two-step-worker": postgres.two_step_worker,
}

for _name, _break in (
    ("forgotten-sums", several.forgotten_sums),
    ("kept-leases", several.kept_leases),
    ("end-at-once", end.at_once),
):
    _TEETH[f"workers-{_name}"] = several.of_workers(f"workers-{_name}", _break)

if __name__ == "__main__":
    _TEETH[sys.argv.pop(1)]()
    runpy.run_module("surestock", run_name="__main__", alter_sys=True)
