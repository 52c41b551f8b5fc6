"""What differs between two plans, as JSON."""

import json
from datetime import date, time

import trialsched as ts
from trialsched.formats import results


def test_changes_as_json() -> None:
    """Dates with the days between them, windows with both ends, null where there is none."""
    call = ts.Visit("V1", "phone", ts.Timing("1 day after D0", window="±1 day"))
    before = ts.Protocol("demo", "1", "D0", [ts.Visit("D0", "on-site"), call, ts.Visit("V2", "phone", "on D0")])
    later = ts.Visit("V1", "phone", "4 days after D0")
    after = ts.Protocol("demo", "2", "D0", [ts.Visit("D0", "on-site"), later, ts.Visit("V2", "on-site", "on D0")])
    subject = ts.Subject("P1", baseline=date(2026, 3, 1))
    old = ts.schedule(before, subject)
    subject = subject.booked("V1", date(2026, 3, 5), time(9, 30)).attended("V1", ts.PartialDate(2026, 3))
    new = ts.schedule(after, subject)
    text = results.dumps_changes(old, new)
    assert text == results.dumps_changes(results.loads(results.dumps(old)), results.loads(results.dumps(new)))
    document = json.loads(text)
    assert list(document) == ["schema", "generator", "protocol", "old_protocol", "subject", "changes"]
    assert document["schema"] == "trialsched/changes/1"
    assert document["subject"] == "P1"
    assert (document["old_protocol"]["version"], document["protocol"]["version"]) == ("1", "2")
    assert document["protocol"]["sha256"] == after.fingerprint
    assert document["changes"] == [
        {"visit": "V1", "kind": "target", "old": "2026-03-02", "new": "2026-03-05", "days": 3},
        {
            "visit": "V1",
            "kind": "window",
            "old": {"earliest": "2026-03-01", "latest": "2026-03-03"},
            "new": None,
            "days": None,
        },
        {"visit": "V1", "kind": "booked", "old": None, "new": "2026-03-05T09:30", "days": None},
        {"visit": "V1", "kind": "attended", "old": None, "new": "2026-03", "days": None},
        {"visit": "V2", "kind": "mode", "old": "phone", "new": "on-site", "days": None},
    ]


def test_how_far_a_date_moved_has_a_sign() -> None:
    """Earlier is negative."""
    earlier = ts.Change("V", "target", date(2026, 3, 4), date(2026, 3, 2))
    assert results.shift_of(earlier) == -2
