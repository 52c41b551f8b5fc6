"""Tables for those who review a trial."""

from dataclasses import replace
from datetime import date, time

import pytest

import trialsched as ts
from trialsched.adherence import adherence
from trialsched.cli import reviews
from trialsched.compliance import Report, check
from trialsched.formats.deviations import merge
from trialsched.worklist import worklist

# With the baseline 2 March 2026, by hand: V1 27 February to 5 March, V2 12 March, 10 to 14; P3 (assumed) 24 March,
# 17 to 31; W4 on 11 April, a Saturday, without window.
PROTOCOL = ts.Protocol(
    "demo",
    "1",
    "V1",
    [
        ts.Visit("V1", "on-site", ts.Timing(window="±3 days")),
        ts.Visit("V2", "on-site", ts.Timing("10 days after V1", window="±2 days")),
        ts.Visit("P3", "phone", ts.Timing("22 days after V1", window="±7 days", assumed=True)),
        ts.Visit("W4", "video", "40 days after V1"),
    ],
)
BASE = ts.Subject("S1", baseline=date(2026, 3, 2))
CAME = BASE.attended("V1", date(2026, 3, 2))
STAMP = f"as of 2026-03-11; protocol demo 1, sha256 {PROTOCOL.fingerprint}; trialsched {ts.__version__}"


LEGEND = ["in, out: done in or out of the window", "?: done, undecided", "done: without window"]
LEGEND += ["*: treatment withheld", ".: upcoming", "-: not expected"]
V2 = ["S1", "V2", "due", "3", "2026-03-12 Thu", "2026-03-10 .. 2026-03-14"]
P3 = ["S1", "P3", "upcoming", "20", "2026-03-24 Tue", "2026-03-17 .. 2026-03-31 ~"]


def report(subject: ts.Subject, day: date = date(2026, 3, 11), protocol: ts.Protocol = PROTOCOL) -> Report:
    """Return the report of a subject."""
    return check(ts.schedule(protocol, subject), day)


def lines(text: str) -> list[list[str]]:
    """Return the lines of a table, each as its cells."""
    found = [line.split("  ") for line in text.splitlines() if line.strip() and "\u2500" not in line]
    return [[cell.strip() for cell in cells if cell.strip()] for cells in found]


def test_the_worklist_has_a_table_for_each_place() -> None:
    """On site first, then by phone and by video; the period above, marks explained and the origin below."""
    reports = [report(CAME.booked("V2", date(2026, 3, 12), time(9, 5)))]
    period = date(2026, 3, 11), date(2026, 4, 30)
    text = reviews.worklist_table(worklist(reports, *period), reports, period, piped=True)
    head = ["Subject", "Visit", "Status", "Days left", "Target", "Window", "Booked", "Next"]
    assert lines(text) == [
        ["From 2026-03-11 to 2026-04-30: 3 to do"],
        ["On site: 1"],
        head,
        [
            "S1",
            "V2",
            "due",
            "3",
            "2026-03-12 Thu",
            "2026-03-10 .. 2026-03-14",
            "2026-03-12 09:05",
            "booked for 2026-03-12 09:05: confirm",
        ],
        ["By phone: 1"],
        head,
        [
            "S1",
            "P3",
            "upcoming",
            "20",
            "2026-03-24 Tue",
            "2026-03-17 .. 2026-03-31 ~",
            "book a day from 2026-03-17 to 2026-03-31",
        ],
        ["By video: 1"],
        head,
        ["S1", "W4", "upcoming", "2026-04-11 Sat !", "none", "no window: target 2026-04-11: book a day"],
        ["! Saturday or Sunday", "~ assumed window, not in the protocol"],
        [STAMP],
    ]


def test_a_provisional_target_is_marked() -> None:
    """And explained; without marks there is no legend."""
    period = date(2026, 3, 11), date(2026, 3, 11)
    reports = [report(replace(BASE, baseline_status="provisional"))]
    text = reviews.worklist_table(worklist(reports, *period), reports, period, piped=True)
    assert "2026-03-12 Thu ?" in text
    assert "\n? rests on a provisional baseline or a partly known date\n" in text
    reports = [report(CAME)]
    assert lines(reviews.worklist_table(worklist(reports, *period), reports, period, piped=True))[-2:] == [
        [
            "S1",
            "V2",
            "due",
            "3",
            "2026-03-12 Thu",
            "2026-03-10 .. 2026-03-14",
            "book a day from 2026-03-11 to 2026-03-14",
        ],
        [STAMP],
    ]


def test_a_narrow_terminal_has_what_is_next_and_the_marks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Target, window and booking are in the words; whether a window is assumed stands behind the days left."""
    reports = [report(CAME), report(replace(BASE, code="S2", baseline_status="provisional"))]
    period = date(2026, 3, 11), date(2026, 3, 17)
    found = merge(report(CAME.attended("V2", date(2026, 3, 16)), date(2026, 3, 16))).rows
    told = {}
    for columns in (159, 160, 139, 140):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert reviews.worklist_table(worklist(reports, *period), reports, period, piped=False) == ""
        assert reviews.deviations_table(found, reports, piped=False) == ""
        told[columns] = lines(capsys.readouterr().out)
    assert ["Subject", "Visit", "Status", "Days left", "Next"] in told[159]
    assert ["S1", "P3", "upcoming", "20 ~", "book a day from 2026-03-17 to 2026-03-31"] in told[159]
    assert ["S2", "V2", "due", "3 ?", "book a day from 2026-03-11 to 2026-03-14"] in told[159]
    legend = ["~ assumed window, not in the protocol", "? rests on a provisional baseline or a partly known date"]
    assert legend in told[159]
    assert ["Subject", "Visit", "Status", "Days left", "Target", "Window", "Booked", "Next"] in told[160]
    assert ["Subject", "Visit", "Actual", "Days out", "Kind", "Level"] in told[139]
    assert ["S1", "V2", "2026-03-16", "2", "late", "deviation"] in told[139]
    assert ["S1", "V2", "1", "2026-03-12", "2026-03-10..2026-03-14", "2026-03-16", "2", "late", "deviation"] in told[
        140
    ]


def test_nothing_to_do_is_a_line() -> None:
    """No empty table."""
    reports = [report(CAME.attended("V2", date(2026, 3, 11)))]
    period = date(2026, 3, 11), date(2026, 3, 12)
    text = reviews.worklist_table((), reports, period, piped=True)
    assert lines(text) == [["From 2026-03-11 to 2026-03-12: 0 to do"], [STAMP]]


def test_adherence_is_two_tables() -> None:
    """Subjects by visits in short words with their legend, then counts and per cents."""
    late = CAME.attended("V2", date(2026, 3, 16)).withheld("P3", date(2026, 3, 20)).attended("W4", date(2026, 4, 1))
    partly = replace(CAME.attended("V2", ts.PartialDate(2026, 3)), code="S2", ended=date(2026, 3, 12))
    missed = replace(CAME.missed("V2"), code="S3")
    reports = [report(one, date(2026, 4, 11)) for one in (late, partly, missed)]
    found = lines(reviews.adherence_table(adherence(reports), reports, piped=True))
    assert found[:6] == [
        ["Subject", "V1", "V2", "P3", "W4"],
        ["S1", "in", "out", "in*~", "done"],
        ["S2", "in", "?", "-~", "-"],
        ["S3", "in", "missed", "lapsed~", "due"],
        [
            "in, out: done in or out of the window",
            "?: done, undecided",
            "done: without window",
            "*: treatment withheld",
            ".: upcoming",
            "-: not expected",
        ],
        ["~ assumed window, not in the protocol"],
    ]
    assert found[6:-1] == [
        ["Windows", "Visit", "Due", "In window", "Undecided", "Done", "Withheld", "Missed", "Lapsed"],
        ["protocol", "all visits", "6", "3/6 50.0 %", "1", "5/6 83.3 %", "0", "1/6 16.7 %", "0/6 0.0 %"],
        ["protocol", "V1", "3", "3/3 100.0 %", "0", "3/3 100.0 %", "0", "0/3 0.0 %", "0/3 0.0 %"],
        ["protocol", "V2", "3", "0/3 0.0 %", "1", "2/3 66.7 %", "0", "1/3 33.3 %", "0/3 0.0 %"],
        ["assumed", "all visits", "2", "1/2 50.0 %", "0", "1/2 50.0 %", "1", "0/2 0.0 %", "1/2 50.0 %"],
        ["assumed", "P3", "2", "1/2 50.0 %", "0", "1/2 50.0 %", "1", "0/2 0.0 %", "1/2 50.0 %"],
    ]


def test_only_what_departs_from_the_protocol_is_red() -> None:
    """Outside of a window that the protocol states, or missed; not outside of an assumed one."""
    late = CAME.attended("V2", date(2026, 3, 16)).attended("P3", date(2026, 4, 2))
    found = report(late, date(2026, 4, 11))
    assert [reviews._cell(visit).style for visit in found] == ["", "red", "", "bold"]
    assert reviews._cell(report(CAME.missed("V2"))["V2"]).style == "red"


def test_what_is_to_come_is_a_dot_and_nothing_due_is_none_expected() -> None:
    """Without assumed windows no mark is explained; a visit that is not in a plan has an empty cell."""
    bare = PROTOCOL.as_registered()
    reports = [report(BASE, date(2026, 2, 1), bare)]
    text = reviews.adherence_table(adherence(reports), reports, piped=True)
    assert lines(text)[1] == ["S1", ".", ".", ".", "."]
    assert "~" not in text
    none = "none expected"
    assert ["assumed", "all visits", "0", none, "0", none, "0", none, none] in lines(text)
    visits = [ts.Visit("A", "phone"), ts.Visit("B", "phone", "1 d after A", arms=["x"])]
    arms = ts.Protocol("a", "1", "A", visits, arms=["x", "y"])
    pair = [report(replace(BASE, code=code, arm=arm), protocol=arms) for code, arm in (("one", "x"), ("two", "y"))]
    rows = lines(reviews.adherence_table(adherence(pair), pair, piped=True))
    assert rows[1:3] == [["one", "due", "due"], ["two", "due"]]


def test_the_log_as_a_table_is_without_what_people_write() -> None:
    """The rows and how many there are; none is a line."""
    late = report(CAME.attended("V2", date(2026, 3, 16)), date(2026, 3, 16))
    found = lines(reviews.deviations_table(merge(late).rows, [late], piped=True))
    assert found[:3] == [
        ["Subject", "Visit", "Version", "Planned", "Window", "Actual", "Days out", "Kind", "Level", "Other"],
        ["S1", "V2", "1", "2026-03-12", "2026-03-10..2026-03-14", "2026-03-16", "2", "late", "deviation"],
        ["1 finding"],
    ]
    good = report(CAME)
    assert lines(reviews.deviations_table((), [good], piped=True)) == [["0 findings"], [STAMP]]


def test_markup_in_codes_is_text() -> None:
    """Square brackets are not rich's markup."""
    odd = report(replace(CAME.attended("V2", date(2026, 3, 16)), code="[red]x[/red]"), date(2026, 3, 16))
    period = date(2026, 3, 16), date(2026, 3, 17)
    for text in (
        reviews.worklist_table(worklist(odd, *period), [odd], period, piped=True),
        reviews.adherence_table(adherence(odd), [odd], piped=True),
        reviews.deviations_table(merge(odd).rows, [odd], piped=True),
    ):
        assert "[red]x[/red]" in text


@pytest.mark.parametrize("columns", ["20", "80", "200"])
def test_every_visit_has_its_column_in_a_file_and_on_any_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: str
) -> None:
    """Lines are longer rather than without a visit: here of eighty, each a day after the one before."""
    monkeypatch.setenv("COLUMNS", columns)
    visits = [ts.Visit("V10", "on-site", ts.Timing(window="±0 days"))]
    visits += [
        ts.Visit(f"V{n}", "phone", ts.Timing(f"{n - 10} days after V10", window="±0 days")) for n in range(11, 90)
    ]
    reports = [report(BASE, date(2026, 3, 31), ts.Protocol("long", "1", "V10", visits))]
    assert reviews.adherence_table(adherence(reports), reports, piped=False) == ""
    for text in (capsys.readouterr().out, reviews.adherence_table(adherence(reports), reports, piped=True)):
        table = lines(text)
        codes = [f"V{n}" for n in range(10, 90)]
        assert [cell for cell in table[0] if cell] == ["Subject", *codes]
        # With the baseline on 2 March 29 days have passed on the 31st, the thirtieth visit is due, fifty are to come.
        letters = "".join(
            "".join(cells) for cells in table[1 : table.index(next(c for c in table if "in, out" in c[0]))]
        )
        assert letters.count("lap") == 29
        assert letters.count("due") == 1
        assert letters.count(".") == 50
