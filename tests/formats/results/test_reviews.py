"""The worklist, adherence and rows of the deviation log as JSON, CSV and Markdown."""

import csv
import io
import json
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

import trialsched as ts
from trialsched.compliance import Report, check
from trialsched.formats import results
from trialsched.formats.deviations import LogRow, merge
from trialsched.formats.results.reviews import dumps_deviations

# With day zero 2 March 2026, by hand: V1 27 February to 5 March, V2 12 March, 10 to 14; P3 (assumed) 24 March,
# 17 to 31.
VISITS = [
    ts.Visit("V1", "on-site", ts.Timing(window="±3 days")),
    ts.Visit("V2", "on-site", ts.Timing("10 days after V1", window="±2 days")),
    ts.Visit("P3", "phone", ts.Timing("22 days after V1", window="±7 days", assumed=True)),
]
PROTOCOL = ts.Protocol("demo", "1", "V1", VISITS)
NEXT = ts.Protocol("demo", "2|x", "V1", VISITS, meta=ts.Meta(in_force=date(2026, 3, 11)))
CAME = ts.Subject("S|1", baseline=date(2026, 3, 2)).attended("V1", date(2026, 3, 2))
DAY = date(2026, 3, 11)
FIRST, LAST = date(2026, 3, 11), date(2026, 3, 17)
SUBJECTS = (
    CAME.booked("V2", date(2026, 3, 12), time(9, 5)),
    replace(CAME.withheld("V2", date(2026, 3, 11)).attended("P3", ts.PartialDate(2026, 3)), code="=S2"),
)
NAMES = {
    "id": "demo",
    "version": "1",
    "variant": None,
    "sha256": PROTOCOL.fingerprint,
    "in_force": None,
}


def reports(*protocols: ts.Protocol) -> list[Report]:
    """Return the reports of both subjects on 11 March."""
    designs = protocols or (PROTOCOL,)
    return [check([ts.schedule(design, subject) for design in designs], DAY) for subject in SUBJECTS]


def rows(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    """Return the rows of CSV as Python's own reader has them."""
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter))


def test_the_worklist_as_json() -> None:
    """The period, and for each item who, what, where, when, how long there is time and what is next."""
    document = json.loads(results.dumps_worklist(reports(), FIRST, LAST))
    assert {key: document[key] for key in ("schema", "as_of", "first", "last", "protocols")} == {
        "schema": "trialsched/worklist/1",
        "as_of": "2026-03-11",
        "first": "2026-03-11",
        "last": "2026-03-17",
        "protocols": [NAMES],
    }
    assert document["generator"] == {"name": "trialsched", "version": ts.__version__}
    assert document["items"] == [
        {
            "subject": "S|1",
            "visit": "V2",
            "status": "due",
            "mode_planned": "on-site",
            "target": "2026-03-12",
            "earliest": "2026-03-10",
            "latest": "2026-03-14",
            "window_basis": "protocol",
            "booked": "2026-03-12",
            "booked_time": "09:05",
            "provisional": False,
            "version": "1",
            "days_left": 3,
            "next_step": "booked for 2026-03-12 09:05: confirm",
        },
        {
            "subject": "S|1",
            "visit": "P3",
            "status": "upcoming",
            "mode_planned": "phone",
            "target": "2026-03-24",
            "earliest": "2026-03-17",
            "latest": "2026-03-31",
            "window_basis": "assumed",
            "booked": None,
            "booked_time": None,
            "provisional": False,
            "version": "1",
            "days_left": 20,
            "next_step": "book a day from 2026-03-17 to 2026-03-31",
        },
    ]


def test_the_worklist_as_csv_has_the_same_fields_and_a_stamp() -> None:
    """Nothing for null; the version that judges is the one in the stamp; for Excel in its way."""
    document = json.loads(results.dumps_worklist(reports(NEXT, PROTOCOL), FIRST, LAST))
    found = rows(results.dumps_worklist(reports(NEXT, PROTOCOL), FIRST, LAST, format="csv"))
    assert list(found[0])[:3] == ["subject", "visit", "mode_planned"]
    for row, item in zip(found, document["items"], strict=True):
        texts = {key: {None: "", False: "false"}.get(value, str(value)) for key, value in item.items()}
        assert {key: row.pop(key) for key in texts} == texts
        assert row == {
            "as_of": "2026-03-11",
            "protocol_id": "demo",
            "protocol_version": "2|x",
            "protocol_variant": "",
            "protocol_sha256": NEXT.fingerprint,
            "generator_version": ts.__version__,
        }
    excel = results.dumps_worklist(reports(), FIRST, LAST, format="csv", excel=True)
    assert excel.startswith("\ufeffsubject;visit;mode_planned;")
    assert excel.count("\r\n") == excel.count("\n") == 3


def test_no_day_left_is_a_number() -> None:
    """0 on the last day of a window, which is not the same as no window."""
    last = check(ts.schedule(PROTOCOL, CAME), date(2026, 3, 14))
    (item,) = json.loads(results.dumps_worklist(last, last.as_of, last.as_of))["items"]
    (row,) = rows(results.dumps_worklist(last, last.as_of, last.as_of, format="csv"))
    assert (item["visit"], item["days_left"], row["days_left"]) == ("V2", 0, "0")
    assert "| V2 | overdue | 0 |" in results.dumps_worklist(last, last.as_of, last.as_of, format="markdown")


def test_the_worklist_as_markdown_has_a_section_for_each_place() -> None:
    """On site and phone apart; nothing in a cell acts as markup."""
    text = results.dumps_worklist(reports(PROTOCOL, NEXT), FIRST, LAST, format="markdown")
    assert text.startswith("# From 2026-03-11 to 2026-03-17\n\n## On site (1)\n\n| subject | visit |")
    assert "| S&#124;1 | V2 | due | 3 | 2026-03-10..2026-03-14 | booked for 2026-03-12 09:05: confirm |\n" in text
    assert "\n\n## By phone (1)\n\n" in text
    assert "| 2026-03-17..2026-03-31 (assumed) |" in text
    assert text.endswith(
        "\n\nAs of 2026-03-11.\n"
        f"\nStamp: protocol demo 1, sha256 {PROTOCOL.fingerprint}; trialsched {ts.__version__}.\n"
        f"\nStamp: protocol demo 2&#124;x, sha256 {NEXT.fingerprint}; trialsched {ts.__version__}.\n"
    )


@pytest.mark.parametrize(("mode", "place"), [("video", "By video"), ("home", "At home")])
def test_every_mode_has_its_place(mode: Any, place: str) -> None:  # noqa: ANN401 - a mode
    """A visit without window has nothing to be left."""
    design = ts.Protocol("one", "1", "A", [ts.Visit("A", mode)])
    report = check(ts.schedule(design, ts.Subject("S", DAY)), DAY)
    text = results.dumps_worklist(report, DAY, DAY, format="markdown")
    assert f"## {place} (1)" in text
    assert "| S | A | due |  | none | no window: target 2026-03-11: book a day |" in text


def test_nothing_to_do_is_said() -> None:
    """A list without items, and one without subjects."""
    report = check(ts.schedule(PROTOCOL, CAME), date(2026, 3, 3))
    day = date(2026, 3, 4)
    assert "\nNothing to do.\n\nAs of 2026-03-03.\n" in results.dumps_worklist(report, day, day, format="markdown")
    assert json.loads(results.dumps_worklist(report, day, day))["items"] == []
    assert results.dumps_worklist([], day, day, format="markdown").endswith("Nothing to do.\n\nNo subjects.\n")
    empty = json.loads(results.dumps_worklist([], day, day))
    assert (empty["as_of"], empty["protocols"], empty["items"]) == (None, [], [])
    assert results.dumps_worklist([], day, day, format="csv").count("\n") == 1


def test_adherence_as_json() -> None:
    """Subjects by visits with status and verdict; exact counts and per cents, null where nothing was due."""
    document = json.loads(results.dumps_adherence(reports(), in_force={"1": date(2026, 1, 5)}))
    assert document["schema"] == "trialsched/adherence/1"
    assert document["as_of"] == "2026-03-11"
    assert document["protocols"] == [{**NAMES, "in_force": "2026-01-05"}]
    assert document["visits"] == ["V1", "V2", "P3"]
    assert [row["subject"] for row in document["subjects"]] == ["S|1", "=S2"]
    assert document["subjects"][1]["visits"]["V2"] == {
        "status": "done",
        "verdict": "in",
        "outcome": "withheld",
        "window_basis": "protocol",
    }
    whole = {"in_window": 100.0, "done": 100.0, "missed": 0.0, "lapsed": 0.0}
    v1 = {"due": 2, "in_window": 2, "undecided": 0, "done": 2, "withheld": 0, "missed": 0, "lapsed": 0}
    undecided = {"due": 1, "in_window": 0, "undecided": 1, "done": 1, "withheld": 0, "missed": 0, "lapsed": 0}
    assert document["rates"] == [
        {"window_basis": "protocol", "visit": None, **v1, "due": 3, "in_window": 3, "done": 3, "withheld": 1}
        | {"percent": whole},
        {"window_basis": "protocol", "visit": "V1", **v1, "percent": whole},
        {"window_basis": "protocol", "visit": "V2", **undecided, "undecided": 0, "in_window": 1, "withheld": 1}
        | {"percent": whole},
        {"window_basis": "assumed", "visit": None, **undecided, "percent": {**whole, "in_window": 0.0}},
        {"window_basis": "assumed", "visit": "P3", **undecided, "percent": {**whole, "in_window": 0.0}},
    ]
    bare = json.loads(results.dumps_adherence(check(ts.schedule(PROTOCOL.as_registered(), CAME), DAY)))
    assert bare["rates"][-1]["window_basis"] == "assumed"
    assert bare["rates"][-1]["percent"] == {"in_window": None, "done": None, "missed": None, "lapsed": None}


def test_adherence_as_csv_is_subjects_by_visits() -> None:
    """A word or three in each cell, `~` at assumed windows; a visit that a subject does not have is empty."""
    found = rows(results.dumps_adherence(reports(), format="csv"))
    assert found[0] == {
        "subject": "S|1",
        "V1": "done in",
        "V2": "due",
        "P3": "upcoming ~",
        "as_of": "2026-03-11",
        "protocol_id": "demo",
        "protocol_version": "1",
        "protocol_variant": "",
        "protocol_sha256": PROTOCOL.fingerprint,
        "generator_version": ts.__version__,
    }
    assert [found[1][code] for code in ("subject", "V2", "P3")] == ["'=S2", "done in withheld", "done undecided ~"]
    visits = [ts.Visit("A", "phone"), ts.Visit("B", "phone", "1 d after A", arms=["x"])]
    arms = ts.Protocol("a", "1", "A", visits, arms=["x", "y"])
    pair = [check(ts.schedule(arms, ts.Subject(code, DAY, arm)), DAY) for code, arm in (("one", "x"), ("two", None))]
    assert [row["B"] for row in rows(results.dumps_adherence(pair, format="csv"))] == ["upcoming", ""]


def test_rates_as_csv() -> None:
    """Counts and per cents a column each; the stamp has all versions, each value once."""
    found = rows(results.dumps_adherence(reports(PROTOCOL, NEXT), format="csv", rates=True, excel=True), ";")
    assert [(row["window_basis"], row["visit"]) for row in found] == [
        ("protocol", "all visits"),
        ("protocol", "V1"),
        ("protocol", "V2"),
        ("assumed", "all visits"),
        ("assumed", "P3"),
    ]
    assert list(found[0].values()) == [
        *("protocol", "all visits", "3", "3", "0", "3", "1", "0", "0", "100.0", "100.0", "0.0", "0.0"),
        *("2026-03-11", "demo", "1; 2|x", "", f"{PROTOCOL.fingerprint}; {NEXT.fingerprint}", ts.__version__),
    ]
    early = check(ts.schedule(PROTOCOL, replace(CAME, records=())), date(2026, 3, 2))
    assert rows(results.dumps_adherence(early, format="csv", rates=True))[0]["done_percent"] == ""


def test_adherence_as_markdown() -> None:
    """The table, then the rates with counts and per cents, or `none expected`."""
    early = check(ts.schedule(PROTOCOL, replace(CAME, records=())), date(2026, 3, 2))
    text = results.dumps_adherence(reports(), format="markdown")
    assert text.startswith("# Subjects by visits\n\n| subject | V1 | V2 | P3 |\n")
    assert (
        "\n\n# Rates\n\n| windows | visit | due | in window | undecided | done | withheld | missed | lapsed |\n" in text
    )
    assert (
        "\n| assumed | P3 | 1 | 0/1 0.0 % | 1 | 1/1 100.0 % | 0 | 0/1 0.0 % | 0/1 0.0 % |\n\nAs of 2026-03-11.\n"
        in text
    )
    none = "none expected"
    line = f"| protocol | all visits | 0 | {none} | 0 | {none} | 0 | {none} | {none} |"
    assert line in results.dumps_adherence(early, format="markdown")


def test_rows_of_the_log() -> None:
    """As JSON with null for nothing and days as numbers, or as Markdown; CSV is the log's own."""
    late = check(ts.schedule(PROTOCOL, CAME.attended("V2", date(2026, 3, 16))), date(2026, 3, 16))
    log = merge(late)
    document = json.loads(dumps_deviations(map(LogRow.told, log.rows), late))
    assert document["schema"] == "trialsched/deviations/1"
    assert document["protocols"] == [NAMES]
    (row,) = document["rows"]
    assert row.pop("detail").startswith("attended 2026-03-16, 2 days after its window")
    assert row == {
        "subject": "S|1",
        "visit": "V2",
        "version": "1",
        "planned": "2026-03-12",
        "window": "2026-03-10..2026-03-14",
        "actual": "2026-03-16",
        "days_out": 2,
        "kind": "late",
        "level": "deviation",
        "other": None,
        "date": "2026-03-16",
        "state": "found",
    }
    text = dumps_deviations(map(LogRow.told, log.rows), late, format="markdown")
    assert text.startswith("# Deviation log\n\n| subject | visit | version | planned |")
    assert (
        "\n| S&#124;1 | V2 | 1 | 2026-03-12 | 2026-03-10..2026-03-14 | 2026-03-16 | 2 | late | deviation |  |" in text
    )
    assert dumps_deviations([], late, format="markdown").startswith("# Deviation log\n\nNo findings.\n\nAs of ")
    with pytest.raises(ts.InvalidValueError, match="format"):
        dumps_deviations([], late, format="csv")


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"format": "xml"}, "format"),
        ({"format": "json", "excel": True}, "excel"),
        ({"format": "markdown", "rates": True}, "rates"),
    ],
)
def test_what_does_not_go_together_is_refused(options: dict[str, Any], where: str) -> None:
    """A form that there is not, and what is for CSV only."""
    with pytest.raises(ts.InvalidValueError) as caught:
        results.dumps_adherence(reports(), **options)
    assert caught.value.where == where
    if "rates" not in options:
        with pytest.raises(ts.InvalidValueError) as caught:
            results.dumps_worklist(reports(), FIRST, LAST, **options)
        assert caught.value.where == where


def test_reports_that_cannot_stand_together_are_refused() -> None:
    """Of one subject twice, or of two days."""
    one, _ = reports()
    with pytest.raises(ts.InvalidValueError, match="stands twice"):
        results.dumps_worklist([one, one], FIRST, LAST)
    other = check(ts.schedule(PROTOCOL, SUBJECTS[1]), LAST)
    with pytest.raises(ts.InvalidValueError, match="of one day"):
        results.dumps_worklist([one, other], FIRST, LAST)


def test_documents_are_one_line_for_each_row() -> None:
    """A person can read them, and compare two of them line by line."""
    text = results.dumps_worklist(reports(), FIRST, LAST)
    assert text.count("\n") == 14
    assert text.endswith("}\n  ]\n}\n")
