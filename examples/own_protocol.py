"""A protocol built in code, checked, scheduled in each arm, and written as the document to keep.

Run it in any folder: python own_protocol.py
"""

from datetime import date
from pathlib import Path

import trialsched as ts
from trialsched.formats import documents

protocol = ts.Protocol(
    "vaccine",
    "1.0",
    "VAX1",
    [
        ts.Visit("VAX1", "on-site", ts.Timing(window="±0 days"), label={"en": "First vaccination"}),
        ts.Visit("CALL1", "phone", ts.Timing("7 days after VAX1", window="-1/+3 days")),
        # The second vaccination counts from the first one as it was given, never sooner than 21 days after it.
        ts.Visit(
            "VAX2", "on-site", ts.Timing("28 days after VAX1", window="-10/+14 days", not_before="21 days after VAX1")
        ),
        ts.Visit("BOOST", "on-site", ts.Timing("6 months after VAX1", window="±2 weeks"), arms=["booster"]),
        # Four follow-up calls, one month apart, all counted from the first vaccination.
        ts.Visit(
            "FU{n}",
            "phone",
            ts.Timing("8 months after VAX1", window="±7 days", assumed=True),
            repeat=ts.Repeat("1 month", 4),
        ),
    ],
    arms=["standard", "booster"],
    unscheduled=["UNS*"],
    meta=ts.Meta({"en": "An example"}, in_force=date(2026, 1, 1)),
)

for warning in ts.lint(protocol):
    print("warning:", warning)

for arm in protocol.arms:
    subject = ts.Subject("V-001", baseline=date(2026, 8, 31), arm=arm).attended("VAX1", date(2026, 8, 31))
    print(f"{arm}:")
    for row in ts.schedule(protocol, subject):
        mark = " (assumed)" if row.window_basis == "assumed" else ""
        print(f"  {row.code:5} {row.target} {row.window}{mark}")

Path("vaccine.toml").write_text(documents.dumps(protocol), encoding="utf-8")
same = ts.load_protocol("./vaccine.toml")
print("vaccine.toml reads back the same:", same == protocol, same.fingerprint == protocol.fingerprint)
