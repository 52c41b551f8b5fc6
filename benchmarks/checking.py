"""Checking a large trial: `check` beside a bare loop of date comparisons, memory while streaming, reading records."""

from __future__ import annotations

import csv
import re
import statistics
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

import trialsched as ts
from trialsched.formats import records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PROTOCOL = ts.load_protocol("alstem")
AS_OF = date(2026, 9, 1)
LONGEST = 660  # days: the first baselines are past month 18, the last ones still in screening
OUTSIDE, MISSED, BOOKED = 25, 40, 2  # one visit in so many is out of its window, missed; one coming visit booked
COLUMNS = "subject,visit,booked,booked_time,attended,mode,outcome,note"
Row = tuple[date | None, date, date | None, date | None, date | None]


def subjects(number: int, *, clean: bool = False) -> Iterator[ts.Subject]:
    """Yield subjects at every stage of the trial, what is past recorded; with `clean` all inside their windows."""
    for index in range(number):
        baseline = AS_OF + timedelta(90 - index * 7 % LONGEST)
        subject = ts.Subject(f"P{index:05}", baseline=baseline)
        found = []
        for place, row in enumerate(ts.schedule(PROTOCOL, subject)):
            count = index * 17 + place
            day = row.target + timedelta(0 if row.code == PROTOCOL.anchor else count % 7 - 3)
            if day > AS_OF:
                if count % BOOKED == 0:
                    found.append(ts.VisitRecord(row.code, booked=row.target))
                break
            if not clean and count % OUTSIDE == 0:
                day += timedelta(7)
            if not clean and count % MISSED == 0 and row.code != PROTOCOL.anchor:
                found.append(ts.VisitRecord(row.code, outcome="missed"))
            else:
                found.append(ts.VisitRecord(row.code, booked=row.target, attended=min(day, AS_OF), mode=row.mode))
        yield ts.Subject(f"P{index:05}", baseline=baseline, records=tuple(found))


def bare(rows: Iterable[Row]) -> list[str]:
    """Do the least there is to do: compare dates, and keep a word for each visit."""
    found = []
    for earliest, target, latest, attended, booked in rows:
        if attended is not None:
            if earliest is None or latest is None or earliest <= attended <= latest:
                found.append("in")
            else:
                found.append("early" if attended < earliest else "late")
        elif earliest is None or latest is None:
            found.append("upcoming" if target > AS_OF else "due")
        elif earliest > AS_OF:
            found.append("upcoming")
        elif latest < AS_OF:
            found.append("lapsed")
        elif target >= AS_OF or (booked is not None and booked >= AS_OF):
            found.append("due")
        else:
            found.append("overdue")
    return found


def _rows(plans: Iterable[ts.Plan]) -> Iterator[Row]:
    for plan in plans:
        for row in plan:
            attended = row.attended
            yield row.earliest, row.target, row.latest, attended if isinstance(attended, date) else None, row.booked


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU time that some work takes: what else the machine does is not in it."""
    start = process_time()
    work()
    return process_time() - start


def figures(*, quick: bool) -> dict[str, object]:
    """Measure every way in turn, some rounds, and return the ratios of the medians."""
    number, rounds = (200, 3) if quick else (10_000, 7)
    few, many = (100, 200) if quick else (1000, 10_000)
    return {
        "subjects": number,
        "mixed_records": _beside(list(subjects(number)), rounds),
        "all_inside": _beside(list(subjects(number, clean=True)), rounds),
        "peak_memory_mb": {f"{n}_subjects": _peak("stream", n) for n in (few, many)},
        "reading": _reading(20_000 if quick else 1_000_000, 3 if quick else 1),
    }


def _beside(people: list[ts.Subject], rounds: int) -> dict[str, object]:
    """Measure `check` on plans that are there, and from subjects on, against the bare loop."""
    plans = [ts.schedule(PROTOCOL, subject) for subject in people]
    data = list(_rows(plans))
    found = sum(bool(ts.check(plan, AS_OF).findings) for plan in plans)

    def checked() -> list[ts.Report]:
        return [ts.check(plan, AS_OF) for plan in plans]  # kept: what the collector of garbage does is part of it

    def looked_at() -> list[tuple[str, int | None]]:
        return [(visit.status, visit.days_out) for plan in plans for visit in ts.check(plan, AS_OF)]

    def from_subjects() -> None:
        for subject in people:
            ts.check(ts.schedule(PROTOCOL, subject), AS_OF)

    works = (lambda: bare(data), checked, looked_at, from_subjects)
    times = [[seconds(work) for work in works] for _ in range(rounds)]
    loop, ours, looked, all_of_it = (statistics.median(column) for column in zip(*times, strict=True))
    return {
        "visits": len(data),
        "records": sum(len(subject.records) for subject in people),
        "subjects_with_findings": found,
        "bare_loop_visits_per_second": round(len(data) / loop),
        "check": {"visits_per_second": round(len(data) / ours), "times_loop": round(ours / loop, 2), "bar": "<= 15"},
        "check_and_every_visit": {
            "visits_per_second": round(len(data) / looked),
            "times_loop": round(looked / loop, 2),
        },
        "schedule_and_check": {
            "visits_per_second": round(len(data) / all_of_it),
            "times_loop": round(all_of_it / loop, 2),
        },
    }


def _lines(number: int) -> Iterator[str]:
    """Yield the lines of a `visits.csv` of so many rows."""
    yield f"{COLUMNS}\n"
    for index in range(number):
        visit = PROTOCOL.codes[index % 17]
        day = AS_OF - timedelta(index % 500)
        yield f"P{index // 17:06},{visit},{day},09:15,{day},on-site,,\n"


def _reading(number: int, rounds: int) -> dict[str, object]:
    """Measure the reading of records against Python's reader of CSV, which does not look at what it reads."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "visits.csv"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(_lines(number))

        def ours() -> None:
            with path.open("rb") as file:
                assert sum(isinstance(row, records.RecordRow) for row in records.iter_records(file)) == number  # noqa: S101

        def theirs() -> None:
            with path.open("rb") as file:
                assert sum(1 for _ in csv.reader(TextIOWrapper(file, "utf-8", newline=""))) == number + 1  # noqa: S101

        times = [[seconds(work) for work in (theirs, ours)] for _ in range(rounds)]
        plain, read = (statistics.median(column) for column in zip(*times, strict=True))
        few = number // 10
        peaks = {f"{n}_rows": _peak("read", n, str(path)) for n in (few, number)}
    return {
        "rows": number,
        "csv_reader_rows_per_second": round(number / plain),
        "iter_records": {"rows_per_second": round(number / read), "times_csv_reader": round(read / plain, 2)},
        "peak_memory_mb": peaks,
    }


def _peak(name: str, *arguments: object) -> float:
    """Return the peak memory in MB of a process that does one of the two below."""
    code = f"from benchmarks.checking import {name}; {name}(*{arguments!r})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return round(int(done.stdout) / 1024, 1)


def stream(number: int) -> None:
    """Check subjects one after the other, write a line for each, and print the peak memory in KB."""
    with tempfile.TemporaryFile("w", encoding="utf-8") as file:
        for subject in subjects(number):
            report = ts.check(ts.schedule(PROTOCOL, subject), AS_OF)
            statuses = ",".join(visit.status for visit in report)
            file.write(f"{subject.code},{statuses},{len(report.findings)}\n")
    _print_peak()


def read(number: int, name: str) -> None:
    """Read the first rows of a file of records, and print the peak memory in KB."""
    with Path(name).open("rb") as file:
        for _ in islice(records.iter_records(file), number):
            pass
    _print_peak()


def _print_peak() -> None:
    status = Path("/proc/self/status").read_text("ascii")  # ru_maxrss would begin with the parent's
    print(re.search(r"VmHWM:\s+(\d+)", status)[1])  # type: ignore[index]
