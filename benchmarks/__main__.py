"""Speed and weight as ratios, measured side by side in one run and printed as JSON: `python -m benchmarks`.

Each round times both sides one after the other; a ratio is that of the two medians of rounds, so that what else
the machine does falls on both. With `--quick` fewer rounds are run, to show that the benchmarks work.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from dateutil.relativedelta import relativedelta

import trialsched as ts
from benchmarks import checking, patients
from trialsched.formats import ical

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK = "--quick" in sys.argv
ROUNDS = 5 if QUICK else 31
STAMP = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PROTOCOL = ts.load_protocol("alstem")
BASELINE = date(2026, 3, 2)
# Many more baselines than the cache holds, each a day of its own: none is found in the cache.
NEW_BASELINES = [BASELINE + timedelta(day) for day in range(3000)]


def seconds(work: Callable[[], object], calls: int) -> float:
    """Return the time of one call, over some calls."""
    start = perf_counter()
    for _ in range(calls):
        work()
    return (perf_counter() - start) / calls


def side_by_side(*works: Callable[[], object], calls: int) -> list[float]:
    """Return the median time of one call of each, the sides taking turns."""
    for work in works:
        seconds(work, max(1, calls // 10))
    rounds = [[seconds(work, calls) for work in works] for _ in range(ROUNDS)]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def read(plan: ts.Plan) -> None:
    """Read target, earliest and latest of every row."""
    for row in plan.rows:
        row.target  # noqa: B018 - reading is what is measured
        row.earliest  # noqa: B018
        row.latest  # noqa: B018


DELTAS = [timedelta(day) for day in range(51)]


def floor() -> list[tuple[date, date, date]]:
    """Do the least there is to do: 51 additions and 17 tuples."""
    day, deltas = BASELINE, DELTAS
    return [(day + deltas[i], day + deltas[i + 1], day + deltas[i + 2]) for i in range(0, 51, 3)]


class NaiveRow(NamedTuple):
    """The fields of a row of a plan, filled in by python-dateutil."""

    visit: ts.Visit
    target: date
    earliest: date | None
    latest: date | None
    window_basis: str
    grounds: tuple[date, date, str, bool]


def rules() -> list[tuple[ts.Visit, dict[str, int], dict[str, int], dict[str, int]]]:
    """Return the months and days of every visit's target and window, as keywords of relativedelta."""
    found = []
    for visit in PROTOCOL.expanded:
        when, window = visit.timing.when, visit.timing.window
        offsets = (when.offset if when else ts.Offset(), *((window.before, window.after) if window else ()))
        found.append((visit, *({"months": offset.months, "days": offset.days} for offset in offsets)))
    return found


RULES = rules()


def naive() -> list[NaiveRow]:
    """Do it naively: `baseline + relativedelta(...)` for the target and both ends, into the same rows."""
    day = BASELINE
    rows = []
    for visit, offset, before, after in RULES:
        target = day + relativedelta(**offset)
        ends = (target - relativedelta(**before), target + relativedelta(**after))
        rows.append(NaiveRow(visit, target, *ends, "protocol", (day, day, "baseline", False)))
    return rows


KEPT = [(rule[0], *(relativedelta(**keywords) for keywords in rule[1:])) for rule in RULES]


def less_naive() -> list[NaiveRow]:
    """Do the same with relativedeltas made once and kept."""
    day = BASELINE
    rows = []
    for visit, offset, before, after in KEPT:
        target = day + offset
        rows.append(NaiveRow(visit, target, target - before, target + after, "protocol", (day, day, "baseline", False)))
    return rows


def scheduling() -> dict[str, object]:
    """Measure `schedule` for new baselines, for the same one again, and with all 17 records."""
    fresh = cycle([ts.Subject("P01-007", baseline=day) for day in NEW_BASELINES])
    same = ts.Subject("P01-007", baseline=BASELINE)
    full = same
    for row in ts.schedule(PROTOCOL, same):
        full = full.attended(row.code, row.target)

    def new_one() -> None:
        read(ts.schedule(PROTOCOL, next(fresh)))

    def new_subject() -> None:
        read(ts.schedule(PROTOCOL, ts.Subject("P01-007", baseline=next(fresh).baseline)))

    def again() -> None:
        read(ts.schedule(PROTOCOL, same))

    def recorded() -> None:
        read(ts.schedule(PROTOCOL, full))

    works = (floor, new_one, again, naive, less_naive, new_subject, recorded)
    least, new, cached, by_dateutil, kept, constructed, with_records = side_by_side(*works, calls=20 if QUICK else 400)
    return {
        "floor_us": round(least * 1e6, 2),
        "schedule_new_baseline": {"us": round(new * 1e6, 2), "times_floor": round(new / least, 2), "bar": "<= 4"},
        "naive_relativedelta": {
            "us": round(by_dateutil * 1e6, 2),
            "times_schedule": round(by_dateutil / new, 2),
            "bar": ">= 15",
        },
        "relativedeltas_made_once": {"us": round(kept * 1e6, 2), "times_schedule": round(kept / new, 2)},
        "schedule_same_baseline": {
            "us": round(cached * 1e6, 2),
            "times_floor": round(cached / least, 2),
            "bar": "<= 0.5",
        },
        "schedule_with_making_the_subject": {
            "us": round(constructed * 1e6, 2),
            "times_floor": round(constructed / least, 2),
        },
        "schedule_17_records": {"us": round(with_records * 1e6, 2), "times_floor": round(with_records / least, 2)},
    }


def calendars() -> dict[str, object]:
    """Measure one calendar of 17 events against building and writing it with icalendar."""
    plan = ts.schedule(PROTOCOL, ts.Subject("P01-007", baseline=BASELINE))
    ours, theirs = side_by_side(
        lambda: ical.dumps(plan, stamp=STAMP),
        lambda: ical.build(plan, stamp=STAMP).to_ical(),
        calls=2 if QUICK else 10,
    )
    same = [
        data.replace(b"\r\n ", b"").split(b"\r\n")
        for data in (ical.dumps(plan, stamp=STAMP), ical.build(plan, stamp=STAMP).to_ical())
    ]
    return {
        "dumps_ms": round(ours * 1e3, 3),
        "icalendar_ms": round(theirs * 1e3, 3),
        "times_faster": round(theirs / ours, 2),
        "bar": ">= 12",
        "same_unfolded_lines": same[0] == same[1],
    }


def cpu(*arguments: str) -> float:
    """Return the CPU seconds of one Python process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(Path(ts.__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": ""}
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True, cwd=folder, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def weight() -> dict[str, object]:
    """Measure the CPU time of imports and of the whole command, against `python -c pass`."""
    commands = {
        "pass": ("-c", "pass"),
        "import_trialsched": ("-c", "import trialsched"),
        "from_import_three_names": ("-c", "from trialsched import Subject, schedule, Offset"),
        "plan_as_json": ("-m", "trialsched", "plan", "--baseline", "2026-03-02", "--format", "json"),
    }
    for arguments in commands.values():
        cpu(*arguments)
    rounds = [{name: cpu(*arguments) for name, arguments in commands.items()} for _ in range(3 if QUICK else 21)]
    median = {name: statistics.median(row[name] for row in rounds) for name in commands}
    bars = {"import_trialsched": "<= 3", "from_import_three_names": "<= 5"}
    code = "import sys; before = set(sys.modules); import trialsched; print(*sorted(set(sys.modules) - before))"
    names = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    loaded = sorted({name.partition(".")[0] for name in names} - sys.stdlib_module_names)
    profile = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "from trialsched import Subject, schedule, Offset"],
        check=True,
        capture_output=True,
        text=True,
    ).stderr
    return {
        "python_pass_ms": round(median["pass"] * 1e3, 1),
        **{
            name: {
                "ms": round(median[name] * 1e3, 1),
                "times_pass": round(median[name] / median["pass"], 2),
                **({"bar": bars[name]} if name in bars else {}),
            }
            for name in commands
            if name != "pass"
        },
        "not_of_the_standard_library": loaded,
        "slowest_imports_us": _slowest(profile),
    }


def _slowest(profile: str) -> dict[str, int]:
    own = {}
    for line in profile.splitlines():
        fields = line.removeprefix("import time:").split("|")
        if len(fields) == 3 and fields[0].strip().isdigit():  # noqa: PLR2004 - own, cumulative, name
            own[fields[2].strip()] = int(fields[0])
    return dict(sorted(own.items(), key=lambda item: -item[1])[:12])


def main() -> None:
    """Print every figure as JSON."""
    figures = {
        "python": sys.version.split()[0],
        "scheduling": scheduling(),
        "calendars": calendars(),
        "patients": patients.figures(quick=QUICK),
        "checking": checking.figures(quick=QUICK),
        "weight": weight(),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
