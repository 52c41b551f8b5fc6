"""Run where the wheel is installed without any dependency: floors 0 to 5 work with the standard library alone."""

import sys
from datetime import date
from importlib.metadata import distributions

import trialsched as ts

names = {distribution.metadata["Name"].lower() for distribution in distributions()}
assert not names & {"python-dateutil", "icalendar", "pendulum", "pydantic", "click", "rich", "tomli-w", "hypothesis"}, (
    names
)

visits = [
    ts.Visit("D0", "on-site", ts.Timing(window="±7 days")),
    ts.Visit("W4", "phone", ts.Timing("4 weeks after D0", window="-3/+5 days", not_before="27 days after D0")),
    ts.Visit("C{n}", "home", "P1M after D0", repeat=ts.Repeat("1 month", 3)),
]
protocol = ts.Protocol("demo", "1", "D0", visits, spacings=[ts.Spacing("D0", "W4", "21 days")])
subject = ts.Subject("S1", baseline=date(2024, 1, 31))
plan = ts.schedule(protocol, subject)
assert [str(row.target) for row in plan] == ["2024-01-31", "2024-02-28", "2024-02-29", "2024-03-31", "2024-04-30"]
assert str(plan["W4"].window) == "2024-02-27..2024-03-04"
assert "clamped" in plan["C1"].why
moved = ts.schedule(protocol, subject.attended("D0", date(2024, 2, 2)))
assert {change.kind for change in ts.changes(plan, moved)} == {"target", "window", "attended"}
late = ts.check(ts.schedule(protocol, subject.attended("W4", date(2024, 3, 6))), as_of=date(2024, 3, 10))
assert [(f.kind, f.visit, f.days_out) for f in late.findings] == [("lapsed", "D0", None), ("late", "W4", 2)]
assert late["D0"].status == "lapsed"
assert ts.lint(protocol) == ()
assert len(protocol.fingerprint) == 64
assert ts.provisional_baseline(protocol, "W4", date(2024, 2, 28)) == date(2024, 1, 31)
try:
    ts.load_protocol("alstem")
except ModuleNotFoundError as error:
    assert error.name in {"pydantic", "tomli_w"}, error  # noqa: PT017 - no pytest here
else:
    sys.exit("reading documents should have needed pydantic")
print("no dependency needed")  # noqa: T201 - a script
