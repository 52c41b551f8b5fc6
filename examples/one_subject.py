"""One subject from baseline to the second dose: the plan, what moves when the first dose is late, a calendar file.

Run it in any folder: python one_subject.py
"""

from datetime import UTC, date, datetime
from pathlib import Path

import trialsched as ts
from trialsched.formats import ical

protocol = ts.load_protocol("alstem")
subject = ts.Subject("P01-007", baseline=date(2026, 3, 2))
planned = ts.schedule(protocol, subject)

print(f"Planned for {subject.code}:")
for row in planned:
    print(f"  {row.code:6} {row.target} {row.weekday:9} {row.window} {row.mode}")

# The first dose was given two days late, the second is agreed for a day of its new window.
subject = subject.attended("DOSE1", date(2026, 3, 4)).booked("DOSE2", date(2026, 4, 7))
moved = ts.schedule(protocol, subject)

print("\nWhat the late dose moves:")
for change in ts.changes(planned, moved):
    if change.kind == "target":
        print(f"  {change.visit:6} {change.old} -> {change.new}")
print("\n" + moved["DOSE2"].why)

# `stamp` says when the facts last changed: take it from your records, so that the same facts give the same file.
calendar = ical.dumps(moved, stamp=datetime(2026, 3, 4, 15, 30, tzinfo=UTC))
Path("P01-007.ics").write_bytes(calendar)
print(f"\nP01-007.ics: {len(moved)} events, for site staff")
