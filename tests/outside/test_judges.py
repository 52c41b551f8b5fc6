"""Calendar programs that nobody here wrote read our exports: without a complaint, and all of them the same."""

import pytest

from tests.outside.exports import DRAWN, Export
from tests.outside.reading import Verdict
from tests.outside.samples import broken

# Known faults of a judge, each by its name and reason.
_NEVER_BEGINS = "an observance without RRULE or RDATE never begins, and times are taken as UTC"
_TAKEN_FOR_UTC = "a STANDARD at offset 0 without a rule is taken for UTC and not kept"
FAULTS = {
    ("ical", "unknown-zone-Kolkata"): _NEVER_BEGINS,
    ("ical", "unknown-clocks-Asia-Kolkata"): _NEVER_BEGINS,
    ("vobject", "unknown-clocks-Africa-Casablanca"): _TAKEN_FOR_UTC,
}


def differences(verdicts: dict[str, Verdict], exports: list[Export], judge: str = "") -> list[str]:
    """Return where a program complains, or reads something else than was meant."""
    found = []
    for export in exports:
        complaints, events = verdicts[export.name]
        if (judge, export.name) in FAULTS:
            assert events != export.events, f"{judge} reads {export.name} by now: take it off the list"
        elif complaints:
            found.append(f"{export.name}: {complaints}")
        elif events != export.events:
            pairs = [pair for pair in zip(events, export.events, strict=False) if pair[0] != pair[1]]
            found.append(f"{export.name}: {len(events)} events for {len(export.events)}: {pairs[:1]}")
    return found


@pytest.mark.parametrize("kind", ["examples", "drawn", "samples"])
def test_accepted_without_warning_and_read_as_meant(
    judge: str, verdicts: dict[str, Verdict], exported: dict[str, list[Export]], kind: str
) -> None:
    """Every program reads the UIDs, summaries, days and instants that the plan says, and complains of nothing."""
    assert differences(verdicts, exported[kind], judge) == []


def test_a_judge_can_say_no(judge: str, verdicts: dict[str, Verdict]) -> None:
    """Each program refuses the broken calendars that it is known to refuse, and some are known for each."""
    refused = {sample.name for sample in broken() if verdicts[sample.name].complaints}
    known = {sample.name for sample in broken() if judge in sample.judges}
    assert known
    assert known <= refused


def test_a_judge_reads_what_is_in_the_file(
    judge: str, verdicts: dict[str, Verdict], exported: dict[str, list[Export]]
) -> None:
    """A day, a UID or a word other than meant is seen: the same answers do not fit another expectation."""
    export = exported["examples"][0]
    for field, text in (("uid", "other"), ("summary", "other"), ("start", "2026-03-03"), ("end", "2026-03-05")):
        events = [export.events[0]._replace(**{field: text}), *export.events[1:]]
        assert len(differences(verdicts, [export._replace(events=events)], judge)) == 1


def test_what_is_judged_is_all_that_was_promised(exported: dict[str, list[Export]]) -> None:
    """200 drawn plans, few of which give the same file, with every kind of text and of event among them."""
    data = [export.data for export in exported["drawn"]]
    assert len(data) == DRAWN
    assert len({*data}) > DRAWN * 9 // 10
    words = b"".join(data).replace(b"\r\n ", b"").decode()
    texts = ("\u0142", "\u65e5", "\U00020bb7", "\U0001f489", "\u05d1", "\u0632", "\\\\", "\\;", "\\,", "\u2026")
    constructs = ("BEGIN:VTIMEZONE", "BEGIN:VALARM", "CONFERENCE", "GEO", "RELATED-TO", "REFRESH-INTERVAL")
    for sample in texts + constructs:
        assert sample in words
    updated = next(export.data for export in exported["examples"] if export.name == "alstem-updated")
    assert b"STATUS:CANCELLED" in updated
