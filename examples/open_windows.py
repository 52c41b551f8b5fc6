"""Which visits of a list of subjects could be held in a given week? Reads the two-column list that a site keeps.

Run it beside the list: python open_windows.py subjects.csv 2026-04-06
"""

import sys
from datetime import date, timedelta
from pathlib import Path

import trialsched as ts
from trialsched.formats import records

PROTOCOL = ts.load_protocol("alstem")


def main(name: str, monday: date) -> int:
    """Print the open windows of the week, soonest end first; return 2 when the list has bad rows."""
    week = ts.DateRange(monday, monday + timedelta(days=6))
    subjects = records.loads_subjects(Path(name).read_bytes())
    found = []
    for _, subject in subjects.rows:
        for row in ts.schedule(PROTOCOL, subject):
            days = row.window & week if row.window else None  # the days of both, ends included
            if days is not None and row.latest is not None:
                found.append((row.latest, subject.code, row.code, row.mode, days))
    print(f"Windows open from {week.earliest} to {week.latest}:")
    for latest, subject_code, visit, mode, days in sorted(found, key=lambda entry: entry[:3]):
        print(f"  {subject_code} {visit:6} {mode:8} {days} (closes {latest})")
    for problem in subjects.problems:
        print(f"{name} {problem}", file=sys.stderr)
    return 2 if subjects.problems else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:  # noqa: PLR2004 - the script and its two arguments
        sys.exit("usage: python open_windows.py subjects.csv 2026-04-06")
    sys.exit(main(sys.argv[1], date.fromisoformat(sys.argv[2])))
