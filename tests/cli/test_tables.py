"""Tables for people."""

import itertools
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


# Reports. With day zero 2 March 2026, by hand: DOSE2 25 March to 8 April, DOSE3 24 April to 8 May; M03 on 2 June.


def reported(subject: ts.Subject, as_of: date = date(2026, 5, 20), *protocols: ts.Protocol) -> list[str]:
    """Return the lines of a report's table."""
    report = ts.check([ts.schedule(protocol, subject) for protocol in protocols or (ALSTEM,)], as_of)
    return tables.check_table([report], piped=True).splitlines()


def row(lines: list[str], code: str) -> str:
    """Return the row of a visit, its blanks made one."""
    (found,) = (" ".join(line.split()) for line in lines if line.startswith(f" {code} "))
    return found


def test_a_report_has_a_row_for_each_visit() -> None:
    """Status, target, window with its mark, booked with its time, attended with its outcome, two signed numbers.

    They are the days out of the window and those from the target.
    """
    subject = SUBJECT.attended("DOSE1", date(2026, 3, 2)).withheld("DOSE2", date(2026, 4, 10)).missed("DOSE3")
    lines = reported(subject.attended("SCR3", date(2026, 1, 20)).booked("M03", date(2026, 6, 3), time(9, 5)))
    assert lines[0] == "P01-007: baseline 2026-03-02; protocol alstem 2022-05-03"
    assert row(lines, "Visit") == "Visit Status Target Window Booked Attended Days out From target"
    assert row(lines, "SCR2") == "SCR2 lapsed 2026-01-01 Thu 2025-12-25 .. 2026-01-08 ~"
    assert row(lines, "SCR3") == "SCR3 done 2026-01-31 Sat ! 2026-01-24 .. 2026-02-07 ~ 2026-01-20 -4 -11"
    assert row(lines, "DOSE1") == "DOSE1 done 2026-03-02 Mon 2026-02-23 .. 2026-03-09 2026-03-02 0 0"
    assert row(lines, "DOSE2") == "DOSE2 done 2026-04-01 Wed 2026-03-25 .. 2026-04-08 2026-04-10 (withheld) +2 +9"
    assert row(lines, "DOSE3") == "DOSE3 missed 2026-05-01 Fri 2026-04-24 .. 2026-05-08"
    assert row(lines, "M03") == "M03 upcoming 2026-06-02 Tue 2026-05-26 .. 2026-06-09 ~ 2026-06-03 09:05"


def test_the_findings_follow_with_their_level_then_the_sums() -> None:
    """A line each, then what is no visit, what was passed over, the sums, the marks that occur and the stamp."""
    subject = SUBJECT.attended("DOSE1", ts.PartialDate(2026, 3)).attended("DOSE2", date(2026, 4, 8))
    lines = reported(subject.attended("UNS1", date(2026, 4, 9)), date(2026, 4, 10))
    assert row(lines, "DOSE1").endswith(" 2026-03 undecided")
    assert row(lines, "DOSE2") == "DOSE2 done 2026-04-01 Wed ? 2026-03-25 .. 2026-04-08 2026-04-08 0 +7"
    told = lines[lines.index("") :][21:]
    assert [line.partition(": ")[0] for line in told[:6]] == ["note"] * 3 + [
        "recorded, not planned",
        "about the plan",
        "",
    ]
    assert told[0].startswith(
        "note: SCR1 lapsed: nothing recorded, its assumed window 2025-11-25 to 2025-12-09 has closed"
    )
    assert told[3] == "recorded, not planned: UNS1 attended 2026-04-09"
    assert told[4].startswith("about the plan: DOSE1: attended 2026-03 is only partly known")
    assert told[6] == "1 subject, 17 visits, 0 deviations, 3 notes"
    assert lines[-2].startswith("! Saturday or Sunday   ~ assumed window")
    assert lines[-1] == (
        f"as of 2026-04-10; protocol alstem 2022-05-03, sha256 {ALSTEM.fingerprint}; trialsched {ts.__version__}"
    )


def test_rows_that_rest_on_something_provisional_are_marked() -> None:
    """Beside the mark of a Saturday; the legend names it."""
    lines = reported(replace(SUBJECT, baseline_status="provisional"), date(2025, 11, 1))
    assert row(lines, "SCR3") == "SCR3 upcoming 2026-01-31 Sat ! ? 2026-01-24 .. 2026-02-07 ~"
    assert lines[-2] == (
        "! Saturday or Sunday   ~ assumed window, not in the protocol   "
        "? rests on a provisional baseline or a partly known date"
    )
    assert lines[-3] == "1 subject, 17 visits, 0 deviations, 0 notes"
    assert not any("?" in line for line in reported(SUBJECT, date(2025, 11, 1)))


@pytest.mark.parametrize("columns", ["80", "100", "145", "146"])
def test_dates_of_a_report_are_never_broken_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    """On a narrow one weekdays go, and what was booked and what happened share a column."""
    monkeypatch.setenv("COLUMNS", columns)
    later = replace_version(ALSTEM, "2", date(2026, 3, 15))
    subject = SUBJECT.withheld("DOSE2", date(2026, 4, 10)).booked("DOSE2", date(2026, 4, 13), time(9, 5))
    report = ts.check([ts.schedule(protocol, subject) for protocol in (ALSTEM, later)], date(2026, 4, 12))
    assert not tables.check_table([report], piped=False)
    lines = capsys.readouterr().out.splitlines()
    table = lines[1 : next(index for index, line in enumerate(lines) if line.startswith("note: "))]
    assert all(len(line) <= int(columns) for line in table)
    place = next(index for index, line in enumerate(table) if line.startswith(" DOSE2 "))
    cells = "".join(table[place:]).partition(" DOSE3 ")[0]
    dates = ("2026-04-01", "2026-03-25", "2026-04-08", "2026-04-10", "2026-04-13")
    for word in (*dates, "09:05", "withheld", "+2", "+9"):
        assert word in cells
    assert ("2026-04-01 Wed" in cells) is (columns == "146")
    assert ("Facts" in "".join(table)) is (columns != "146")
    assert ("(+9" in cells) is (columns != "146")


@pytest.mark.parametrize("columns", ["1", "20", "40", "60", "80", "99", "100"])
def test_nothing_is_left_out_on_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    """Lines are longer than the terminal rather than without a column; a narrow plan has its facts below it."""
    monkeypatch.setenv("COLUMNS", columns)
    later = replace_version(ALSTEM, "second", date(2026, 3, 15))
    subject = SUBJECT.attended("DOSE1", date(2026, 3, 2)).booked("DOSE2", date(2026, 4, 13), time(9, 5))
    plans = [ts.schedule(protocol, subject) for protocol in (ALSTEM, later)]
    assert not tables.plan_table(plans[:1], piped=False)
    plan = capsys.readouterr().out
    assert not tables.check_table([ts.check(plans, date(2026, 4, 12))], piped=False)
    report = capsys.readouterr().out
    # DOSE2 30 days after 2 March, 7 days around it; M18 on 2 September 2027, 26 August to 9 September.
    for word in ("SCR1", "M18", "2026-04-01", "2026-03-25", "2026-04-08", "2027-09-02", "2027-08-26", "2027-09-09"):
        assert word in plan
        assert word in report
    words = ("attended", "2026-03-02", "booked", "2026-04-13", "09:05")
    assert all(word in plan and word in report for word in words)
    assert plan.count(" phone ") + plan.count(" phone\n") == 7
    assert ("DOSE2: booked 2026-04-13 09:05\n" in plan) is (int(columns) < 100)
    assert report.count("second") >= 16  # a row each for all that did not happen, judged by 12 April


def test_several_versions_have_a_column() -> None:
    """Which version judged; each has its stamp."""
    later = replace_version(ALSTEM, "2023-01-01", date(2026, 3, 15))
    subject = SUBJECT.attended("DOSE1", date(2026, 3, 2)).attended("DOSE2", date(2026, 4, 1))
    lines = reported(subject, date(2026, 4, 2), ALSTEM, later)
    assert row(lines, "Visit").endswith("Days out From target Version")
    assert row(lines, "DOSE1").endswith(" 2026-03-02 0 0 2022-05-03")
    assert row(lines, "DOSE2").endswith(" 2026-04-01 0 0 2023-01-01")
    assert [line.split(",")[0] for line in lines[-2:]] == [
        "as of 2026-04-02; protocol alstem 2022-05-03",
        "as of 2026-04-02; protocol alstem 2023-01-01",
    ]


def replace_version(protocol: ts.Protocol, version: str, in_force: date) -> ts.Protocol:
    """Return a protocol as another version of it."""
    meta = replace(protocol.meta, in_force=in_force)
    return ts.Protocol(protocol.id, version, protocol.anchor, protocol.visits, spacings=protocol.spacings, meta=meta)


def test_the_sums_are_of_all_subjects_and_each_stamp_is_said_once() -> None:
    """Two subjects by one version; the anchor recorded as missed is a deviation."""
    both = [SUBJECT, replace(SUBJECT.missed("DOSE1"), code="P01-008")]
    reports = [ts.check(ts.schedule(ALSTEM, subject), date(2025, 11, 1)) for subject in both]
    lines = tables.check_table(reports, piped=True).splitlines()
    assert "2 subjects, 34 visits, 1 deviation, 0 notes" in lines
    assert sum("sha256" in line for line in lines) == 1
    assert not any(one == other == "" for one, other in itertools.pairwise(lines))


def test_markup_in_a_report_is_text() -> None:
    """Square brackets are no commands."""
    lines = reported(replace(SUBJECT, code="[red]x[/red]").attended("[b]", date(2026, 4, 1)))
    assert lines[0].startswith("[red]x[/red]: ")
    assert any(line.startswith("note: [b] unknown-visit: ") for line in lines)


def test_study_days_from_another_visit_are_said() -> None:
    """The head names the visit, its date and where that comes from; of a protocol, which visit is study day 1."""
    visits = [ts.Visit("RAND", "on-site"), ts.Visit("DOSE1", "on-site", "3 days after RAND")]
    protocol = ts.Protocol("rf", "1", "RAND", visits, study_days_from="DOSE1")
    subject = ts.Subject("S1", baseline=date(2026, 1, 15))
    assert "study days from DOSE1 2026-01-18 (target)" in shown(subject, protocol)["S1:"]
    assert " -3 " in shown(subject, protocol)["RAND"]
    came = subject.attended("DOSE1", date(2026, 1, 19))
    assert "study days from DOSE1 2026-01-19 (attended)" in shown(came, protocol)["S1:"]
    assert "DOSE1 is study day 1" in tables.protocol_table(protocol, piped=True)
    assert "study day" not in shown(SUBJECT)["P01-007:"]
    assert "study day 1" not in tables.protocol_table(ALSTEM, piped=True)
