"""Tables for people."""

from dataclasses import replace
from datetime import date, time

import pytest

import trialsched as ts
from trialsched.cli import tables

ALSTEM, CYCLES = ts.load_protocol("alstem"), ts.load_protocol("cycles")
SUBJECT = ts.Subject("P01-007", baseline=date(2026, 3, 2))


def shown(subject: ts.Subject, protocol: ts.Protocol = ALSTEM) -> dict[str, str]:
    """Return the lines of a plan's table by visit code."""
    text = tables.plan_table([ts.schedule(protocol, subject)], piped=True)
    return {line.split()[0]: line for line in text.splitlines() if line.strip()}


def test_facts_are_shown() -> None:
    """Attended, withheld, missed, booked with its time, and provisional."""
    subject = SUBJECT.attended("DOSE1", date(2026, 3, 4)).booked("DOSE2", date(2026, 4, 2), time(9, 5))
    subject = subject.withheld("DOSE3", date(2026, 5, 4)).missed("M03")
    lines = shown(subject)
    assert lines["DOSE1"].endswith("attended 2026-03-04")
    assert lines["DOSE2"].endswith("booked 2026-04-02 09:05")
    assert lines["DOSE3"].endswith("withheld 2026-05-04")
    assert lines["M03"].endswith("missed")
    assert "day zero 2026-03-04 (attended)" in lines["P01-007:"]
    provisional = shown(replace(SUBJECT, baseline_status="provisional"))
    assert "baseline 2026-03-02 (provisional)" in provisional["P01-007:"]
    assert provisional["M03"].endswith("provisional")


def test_windows_without_and_without_a_day() -> None:
    """`none` and `empty` are said in words; the legend names only the marks that occur."""
    bare = shown(SUBJECT, ALSTEM.as_registered())
    assert "none" in bare["M03"]
    assert bare["!"] == "! Saturday or Sunday"
    base = ts.Subject("S", baseline=date(2026, 1, 1), arm="B")
    assert "empty: limits leave no day" in shown(base.booked("M06", date(2026, 4, 22)), CYCLES)["SAFE"]
    assert "arm B" in shown(base, CYCLES)["S,"]


def test_notes_follow_the_table() -> None:
    """What was passed over is said."""
    assert "partly known" in shown(SUBJECT.attended("DOSE1", ts.PartialDate(2026, 3)))["note:"]


def test_markup_in_texts_is_text() -> None:
    """Square brackets in a code are not rich's markup."""
    text = tables.plan_table([ts.schedule(ALSTEM, replace(SUBJECT, code="[red]x[/red]"))], piped=True)
    assert "[red]x[/red]" in text


def test_what_is_recorded_and_not_planned_is_shown() -> None:
    """An unscheduled contact and the end of participation are seen."""
    subject = replace(SUBJECT, ended=date(2026, 5, 1))
    subject = subject.attended("UNS1", date(2026, 4, 9)).missed("UNS2").booked("UNS3", date(2026, 4, 10))
    text = tables.plan_table([ts.schedule(ALSTEM, subject)], piped=True)
    assert "ended 2026-05-01; protocol" in text
    for line in ("UNS1 attended 2026-04-09", "UNS2 missed", "UNS3 booked 2026-04-10"):
        assert f"\nrecorded, not planned: {line}\n" in text


def test_a_booking_after_a_withheld_visit_is_shown() -> None:
    """And the booked date of a visit that was attended is not."""
    again = SUBJECT.withheld("DOSE2", date(2026, 4, 1)).booked("DOSE2", date(2026, 4, 6))
    assert "withheld 2026-04-01, booked 2026-04-06" in tables.plan_table([ts.schedule(ALSTEM, again)], piped=True)
    as_booked = SUBJECT.booked("DOSE2", date(2026, 4, 1)).withheld("DOSE2", date(2026, 4, 1))
    assert "booked" not in tables.plan_table([ts.schedule(ALSTEM, as_booked)], piped=True)
    held = SUBJECT.booked("DOSE2", date(2026, 4, 2)).attended("DOSE2", date(2026, 4, 3))
    assert "booked" not in tables.plan_table([ts.schedule(ALSTEM, held)], piped=True)


def test_a_protocol_says_what_is_assumed() -> None:
    """The mark and its meaning, and neither where nothing is."""
    assert "~ assumed, not in the protocol" in tables.protocol_table(ALSTEM, piped=True)
    assert "~ assumed, not in the protocol" in tables.protocol_table(CYCLES, piped=True)  # a window, and no spacing
    assert "~" not in tables.protocol_table(ALSTEM.as_registered(), piped=True)


@pytest.mark.parametrize("columns", ["80", "100", "125"])
def test_dates_are_never_broken_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    """On a narrow one labels go, then the weekdays of windows."""
    monkeypatch.setenv("COLUMNS", columns)
    assert not tables.plan_table([ts.schedule(ALSTEM, SUBJECT)], piped=False)
    text = capsys.readouterr().out
    *table, stamp = text.splitlines()
    assert all(len(line) <= int(columns) for line in table)
    assert stamp.startswith("protocol alstem 2022-05-03, sha256 ")
    row = next(line for line in text.splitlines() if " M18 " in line)
    assert "2027-09-02 Thu" in row
    assert ("2027-08-26 .. 2027-09-09 ~" in row) is (columns == "80")
    assert ("2027-08-26 Thu .. 2027-09-09 Thu ~" in row) is (columns != "80")
    assert ("Month 18 phone call" in row) is (columns == "125")
