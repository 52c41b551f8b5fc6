"""Tables for people."""

from dataclasses import replace
from datetime import date, time

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
