"""A site's calendars, one file for each patient, written and updated in place: ours and icalendar side by side."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import trialsched as ts
from trialsched.formats import ical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIRST = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
PROTOCOL = ts.load_protocol("alstem")
BASELINE = date(2026, 3, 2)
CLINIC = ts.Clinic("Europe/Warsaw")
ONE_IN = 20  # patients whose second dose is booked anew: 5 %


def plans(number: int, *, changed: bool = False) -> Iterator[ts.Plan]:
    """Yield the plan of each patient; with `changed` one in twenty has a booking."""
    for index in range(number):
        subject = ts.Subject(f"P{index:04}", baseline=BASELINE + timedelta(index % 365))
        plan = ts.schedule(PROTOCOL, subject)
        if changed and index % ONE_IN == 0:
            plan = ts.schedule(PROTOCOL, subject.booked("DOSE2", plan["DOSE2"].target + timedelta(1)))
        yield plan


def first_write(folder: Path, number: int) -> None:
    """Write every patient's file."""
    for plan in plans(number):
        (folder / f"{plan.subject.code}.ics").write_bytes(ical.dumps(plan, stamp=FIRST))


def update(folder: Path, number: int, *, changed: bool) -> None:
    """Update every patient's file in place; one that stays the same is not written."""
    for plan in plans(number, changed=changed):
        path = folder / f"{plan.subject.code}.ics"
        before = path.read_bytes()
        after = ical.update(plan, stamp=LATER, previous=before).data
        if after != before:
            path.write_bytes(after)


def by_icalendar(folder: Path, number: int) -> None:
    """Build every patient's file with icalendar, as objects, and write it."""
    for plan in plans(number):
        (folder / f"{plan.subject.code}.ics").write_bytes(ical.build(plan, stamp=FIRST).to_ical())


def seconds(work: Callable[[], object]) -> float:
    """Return how long some work takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def figures(*, quick: bool) -> dict[str, object]:
    """Measure every way in turn, some rounds, and return the ratios of the medians."""
    number, rounds = (20, 2) if quick else (1000, 3)
    rows = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            rows.append(_round(Path(one), Path(other), number))
    built, written, same, changed = (statistics.median(column) / number for column in zip(*rows, strict=True))
    day, timed = _timed(quick=quick)
    few, many = (30, 60) if quick else (100, 1000)
    return {
        "icalendar_ms": round(built * 1e3, 3),
        "first_write": {"ms": round(written * 1e3, 3), "times_faster": round(built / written, 2), "bar": ">= 5"},
        "update_unchanged": {"ms": round(same * 1e3, 3), "times_faster": round(built / same, 2), "bar": ">= 3"},
        "update_5_percent_changed": {"ms": round(changed * 1e3, 3), "times_faster": round(built / changed, 2)},
        "timed_events": {"ms": round(timed * 1e3, 3), "times_all_day": round(timed / day, 2), "bar": "<= 1.5"},
        "peak_memory_mb": {f"{n}_patients": _peak(n) for n in (few, many)},
    }


def _round(ours: Path, theirs: Path, number: int) -> list[float]:
    return [
        seconds(lambda: by_icalendar(theirs, number)),
        seconds(lambda: first_write(ours, number)),
        seconds(lambda: update(ours, number, changed=False)),
        seconds(lambda: update(ours, number, changed=True)),
    ]


def _timed(*, quick: bool) -> tuple[float, float]:
    """Return the time of a calendar of 17 booked visits, as whole days and with a time in a zone."""
    subject = ts.Subject("P01-007", baseline=BASELINE)
    days = times = subject
    for row in ts.schedule(PROTOCOL, subject):
        days, times = days.booked(row.code, row.target), times.booked(row.code, row.target, time(9, 30))
    sides = [ts.schedule(PROTOCOL, one) for one in (days, times)]
    rows = [[seconds(partial(_often, plan)) for plan in sides] for _ in range(5 if quick else 31)]
    day, timed = (statistics.median(column) / 10 for column in zip(*rows, strict=True))
    return day, timed


def _often(plan: ts.Plan) -> None:
    for _ in range(10):
        ical.dumps(plan, stamp=FIRST, clinic=CLINIC)


def _peak(number: int) -> float:
    """Return the peak memory in MB of a process that writes and updates the files of so many patients."""
    code = f"from benchmarks.patients import main; main({number})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return round(int(done.stdout) / 1024, 1)


def main(number: int) -> None:
    """Write and update the files of some patients and print the peak memory in KB."""
    with tempfile.TemporaryDirectory() as folder:
        first_write(Path(folder), number)
        update(Path(folder), number, changed=True)
    status = Path("/proc/self/status").read_text("ascii")  # ru_maxrss would begin with the parent's
    print(re.search(r"VmHWM:\s+(\d+)", status)[1])  # type: ignore[index]
