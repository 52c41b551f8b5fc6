"""One calendar for the staff of a site, updated over its last edition: what moved is printed, nothing is duplicated.

Run it in any folder, and run it again: python calendars_for_a_site.py
"""

from datetime import UTC, date, datetime, time
from pathlib import Path

import trialsched as ts
from trialsched.formats import ical

FILE = Path("site.ics")
protocol = ts.load_protocol("alstem")
clinic = ts.Clinic(
    "Europe/Warsaw", contact=ts.Contact("Clinic 3"), durations={"DOSE2": "4 hours", "phone": "15 minutes"}
)

# What is known today: take it from your records. The first edition had no facts but the baselines.
subjects = [ts.Subject("P01-007", baseline=date(2026, 3, 2)), ts.Subject("P01-008", baseline=date(2026, 3, 9))]
if FILE.exists():
    subjects = [
        subjects[0].attended("DOSE1", date(2026, 3, 4)),
        subjects[1].booked("DOSE2", date(2026, 4, 9), time(9, 30)).end(date(2026, 7, 31), "withdrawn"),
    ]
plans = [ts.schedule(protocol, subject) for subject in subjects]

made = ical.update(
    plans,
    stamp=datetime(2026, 3, 4 if FILE.exists() else 1, 12, 0, tzinfo=UTC),  # when the facts last changed
    previous=FILE.read_bytes() if FILE.exists() else None,
    clinic=clinic,
    style=ical.Style(alarms=("1d", "2h")),
)
for change in made.changes:
    if change.kind != "text":
        print(f"{change.subject} {change}")
for note in made.notes:  # what a person had changed in the file, and this edition writes over
    print(f"note: {note}")
FILE.write_bytes(made.data)
print(f"{FILE}: {sum(map(len, plans))} visits of {len(plans)} subjects, {len(made.changes)} changed")
