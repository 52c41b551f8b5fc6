"""Reports as JSON, CSV and Markdown."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.formats import results
from trialsched.formats.results.checks import Sums, finding_in_words, from_target_in_words, judged_in_words

# The contract of design 9, in its order.
TOP = ["schema", "generator", "protocols", "as_of", "subjects"]
SUBJECT = ["subject", "visits", "findings"]
VISIT = ["visit", "status", "verdict", "settled_by", "target", "earliest", "latest", "window_basis", "booked",
         "booked_time", "attended", "outcome", "provisional", "version", "mode_planned", "mode_actual", "days_out",
         "days_from_target"]  # fmt: skip
FINDING = ["kind", "level", "visit", "other", "version", "days_out", "date", "detail"]


def version(name: str, in_force: date | None, window: str) -> ts.Protocol:
    """Return a version of a protocol; they differ in the window of V2."""
    return ts.Protocol(
        "demo",
        name,
        "V1",
        [
            ts.Visit("V1", "on-site", ts.Timing(window="±3 days")),
            ts.Visit("V2", "on-site", ts.Timing("10 days after V1", window=window)),
            ts.Visit("V3", "phone", ts.Timing("22 days after V1", window="±7 days", assumed=True)),
            ts.Visit("V4", "phone", ts.Timing("40 days after V1")),
        ],
        unscheduled=["UNS*"],
        meta=ts.Meta(in_force=in_force),
    )


# With day zero 2 March 2026, by hand: V1 27 February to 5 March; V2 on 12 March, ±2 days by version 1, ±4 by version 2;
# V3 17 to 31 March, assumed; V4 on 11 April. Version 2 is in force from 11 March, at this site from 10 March.
ONE, TWO = version("1", date(2026, 1, 1), "±2 days"), version("2", date(2026, 3, 11), "±4 days")
SITE = {"2": date(2026, 3, 10)}
PERSON = ts.Subject(
    "P1",
    baseline=date(2026, 3, 1),
    ended=date(2026, 4, 1),
    end_reason="withdrawn",
    records=(
        ts.VisitRecord("V1", attended=date(2026, 3, 2), mode="on-site"),
        ts.VisitRecord(
            "V2", booked=date(2026, 3, 13), booked_time=time(9, 5), attended=date(2026, 3, 17), mode="phone"
        ),
        ts.VisitRecord("V3", attended=ts.PartialDate(2026, 3)),
        ts.VisitRecord("UNS1", attended=date(2026, 3, 20)),
    ),
)


def report(subject: ts.Subject = PERSON, as_of: date = date(2026, 4, 2), *protocols: ts.Protocol) -> ts.Report:
    """Return the report of a subject by some versions, else by both."""
    plans = [ts.schedule(protocol, subject) for protocol in protocols or (ONE, TWO)]
    return ts.check(plans, as_of, in_force=SITE if len(plans) > 1 else None)


REPORT = report()


def table(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    """Read CSV as another program does."""
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_the_field_names_of_the_contract() -> None:
    """Field names are fixed and stand in their order; what is added comes after them (design 9)."""
    document = json.loads(results.dumps_check(REPORT))
    assert list(document) == TOP
    (subject,) = document["subjects"]
    assert list(subject)[:3] == SUBJECT
    added = ["arm", "baseline", "baseline_status", "day_zero", "day_zero_source", "ended", "end_reason", "notes"]
    assert list(subject)[3:] == [*added, "other_records"]
    assert [list(visit) for visit in subject["visits"]] == [VISIT] * 4
    assert [list(finding) for finding in subject["findings"]] == [FINDING] * 3


def test_the_head_of_the_document() -> None:
    """Who wrote it, by which versions, and from which day each is in force at the site (an amendment's own date)."""
    document = json.loads(results.dumps_check(REPORT, in_force=SITE))
    assert document["schema"] == "trialsched/check/1"
    assert document["generator"] == {"name": "trialsched", "version": ts.__version__}
    assert document["as_of"] == "2026-04-02"
    names = {"id": "demo", "variant": None}
    assert document["protocols"] == [
        {**names, "version": "1", "sha256": ONE.fingerprint, "in_force": "2026-01-01"},
        {**names, "version": "2", "sha256": TWO.fingerprint, "in_force": "2026-03-10"},
    ]
    assert json.loads(results.dumps_check(REPORT))["protocols"][1]["in_force"] == "2026-03-11"
    alone = json.loads(results.dumps_check(report(PERSON, date(2026, 4, 2), version("3", None, "±1 day"))))
    assert [protocol["in_force"] for protocol in alone["protocols"]] == [None]


def test_every_visit_by_hand() -> None:
    """V1 on the anchor's day by version 1; V2 a day after the window of version 2; V3 some day in March."""
    visits = json.loads(results.dumps_check(REPORT))["subjects"][0]["visits"]
    none = dict.fromkeys(VISIT)
    v1 = {"visit": "V1", "status": "done", "verdict": "in", "target": "2026-03-01", "earliest": "2026-02-26",
          "latest": "2026-03-04", "window_basis": "protocol", "attended": "2026-03-02", "provisional": False,
          "version": "1", "mode_planned": "on-site", "mode_actual": "on-site", "days_out": 0,
          "days_from_target": 1}  # fmt: skip
    v2 = {"visit": "V2", "status": "done", "verdict": "out", "target": "2026-03-12", "earliest": "2026-03-08",
          "latest": "2026-03-16", "window_basis": "protocol", "booked": "2026-03-13", "booked_time": "09:05",
          "attended": "2026-03-17", "provisional": False, "version": "2", "mode_planned": "on-site",
          "mode_actual": "phone", "days_out": 1, "days_from_target": 5}  # fmt: skip
    v3 = {"visit": "V3", "status": "done", "verdict": "undecided", "settled_by": ["2026-03-17", "2026-03-31"],
          "target": "2026-03-24", "earliest": "2026-03-17", "latest": "2026-03-31", "window_basis": "assumed",
          "attended": "2026-03", "provisional": False, "version": "2", "mode_planned": "phone"}  # fmt: skip
    v4 = {"visit": "V4", "status": "not-expected", "target": "2026-04-11", "window_basis": "none",
          "provisional": False, "version": "2", "mode_planned": "phone"}  # fmt: skip
    assert visits == [{**none, **visit} for visit in (v1, v2, v3, v4)]


def test_every_finding_by_hand() -> None:
    """V2 late by a day, by phone, and in the window of V3; each with its day and the sentence of the report."""
    findings = json.loads(results.dumps_check(REPORT))["subjects"][0]["findings"]
    details = [finding.pop("detail") for finding in findings]
    each = {"level": "deviation", "visit": "V2", "other": None, "version": "2", "days_out": None, "date": "2026-03-17"}
    assert findings == [
        {"kind": "late", **each, "days_out": 1},
        {"kind": "wrong-mode", **each},
        {"kind": "in-other-window", **each, "level": "note", "other": "V3"},
    ]
    assert details == [finding.detail for finding in REPORT.findings]
    assert details[0].startswith("attended 2026-03-17, 1 day after its window 2026-03-08 to 2026-03-16")
    assert "(±4 days around 2026-03-12)" in results.dumps_check(REPORT)
    missed = json.loads(results.dumps_check(report(ts.Subject("P1", baseline=date(2026, 3, 2)).missed("V2"))))
    assert [f["date"] for f in missed["subjects"][0]["findings"] if f["kind"] == "missed"] == [None]


def test_what_is_added_about_the_subject() -> None:
    """What the dates count from, the end, the notes of the plan, and contacts that are no visit of the report."""
    (subject,) = json.loads(results.dumps_check(REPORT))["subjects"]
    assert {key: subject[key] for key in list(subject)[3:]} == {
        "arm": None,
        "baseline": "2026-03-01",
        "baseline_status": "planned",
        "day_zero": "2026-03-02",
        "day_zero_source": "attended",
        "ended": "2026-04-01",
        "end_reason": "withdrawn",
        "notes": list(REPORT.plan.notes),
        "other_records": [
            {
                "visit": "UNS1",
                "booked": None,
                "booked_time": None,
                "attended": "2026-03-20",
                "mode": None,
                "outcome": None,
            }
        ],
    }
    assert [note.partition(" is ")[0] for note in subject["notes"]] == ["V3: attended 2026-03"]


def test_a_visit_of_an_earlier_version_only_is_no_other_record() -> None:
    """What the report has as a visit is told once."""
    old = ts.Protocol("demo", "1", "V1", [*ONE.visits, ts.Visit("V9", "phone", ts.Timing("5 days after V1"))])
    subject = ts.Subject("P1", baseline=date(2026, 3, 2)).attended("V9", date(2026, 3, 7))
    found = report(subject, date(2026, 4, 2), old, TWO)
    (told,) = json.loads(results.dumps_check(found))["subjects"]
    assert [visit["visit"] for visit in told["visits"]] == ["V1", "V2", "V3", "V4", "V9"]
    assert told["other_records"] == []


def test_a_visit_and_a_finding_stand_on_a_line_each() -> None:
    """A person can read the document and compare two of them; letters stay letters, lines end with a line feed."""
    lines = results.dumps_check(report(replace(PERSON, code="Łódź-1"))).splitlines()
    assert sum(line.startswith('        {"visit": ') and '"status"' in line for line in lines) == 4
    assert sum(line.startswith('        {"kind": ') for line in lines) == 3
    assert '      "subject": "Łódź-1",' in lines
    assert (lines[0], lines[-1]) == ("{", "}")
    assert results.dumps_check(REPORT).endswith("\n  ]\n}\n")
    assert "\r" not in results.dumps_check(REPORT)


def test_several_subjects_are_one_document() -> None:
    """Design 9: subjects stand in `subjects`; the text is the document that `check_as_json` gives."""
    three = [report(replace(PERSON, code=f"P{number}")) for number in range(3)]
    document = json.loads(results.dumps_check(three, in_force=SITE))
    assert [subject["subject"] for subject in document["subjects"]] == ["P0", "P1", "P2"]
    assert document == results.check_as_json(three, in_force=SITE)
    assert results.check_as_json(REPORT) == json.loads(results.dumps_check(REPORT))


def test_no_subjects_are_a_document_as_well() -> None:
    """The frame stands, with nothing inside."""
    document: dict[str, Any] = {
        "schema": "trialsched/check/1",
        "generator": {"name": "trialsched", "version": ts.__version__},
        "protocols": [],
        "as_of": None,
        "subjects": [],
    }
    assert json.loads(results.dumps_check([])) == document == results.check_as_json([])
    assert results.dumps_check([]).endswith('\n  "subjects": []\n}\n')
    assert results.dumps_check([], format="csv").count("\n") == 1
    assert results.dumps_check([], format="markdown") == "0 subjects, 0 visits, 0 deviations, 0 notes.\n"


def test_the_csv_of_visits() -> None:
    """The subject, then the JSON's names with the two ends of `settled_by`, then the stamp (design 9)."""
    text = results.dumps_check(REPORT, format="csv")
    stamp = "as_of,protocol_id,protocol_version,protocol_variant,protocol_sha256,generator_version"
    names = ["subject", *VISIT[:3], "settled_first", "settled_last", *VISIT[4:]]
    assert text.partition("\n")[0] == f"{','.join(names)},{stamp}"
    v1, v2, v3, v4 = text.splitlines()[1:]
    one, two = (f"2026-04-02,demo,{p.version},,{p.fingerprint},{ts.__version__}" for p in (ONE, TWO))
    first = "P1,V1,done,in,,,2026-03-01,2026-02-26,2026-03-04,protocol,,,2026-03-02,,false,1,on-site,on-site,0,1"
    assert v1 == f"{first},{one}"
    when = "2026-03-12,2026-03-08,2026-03-16,protocol,2026-03-13,09:05,2026-03-17,,false,2,on-site,phone,1,5"
    assert v2 == f"P1,V2,done,out,,,{when},{two}"
    when = "2026-03-17,2026-03-31,2026-03-24,2026-03-17,2026-03-31,assumed,,,2026-03,,false,2,phone,,,"
    assert v3 == f"P1,V3,done,undecided,{when},{two}"
    assert v4 == f"P1,V4,not-expected,,,,2026-04-11,,,none,,,,,false,2,phone,,,,{two}"


def test_the_csv_of_findings() -> None:
    """A row for each finding, with the stamp of the version that judges."""
    text = results.dumps_check(REPORT, format="csv", findings=True)
    names = "subject,visit,kind,level,other,version,days_out,date,detail"
    assert text.partition("\n")[0].startswith(f"{names},as_of,protocol_id,")
    late, mode, other = table(text)
    assert list(late.values())[:8] == ["P1", "V2", "late", "deviation", "", "2", "1", "2026-03-17"]
    assert late["detail"] == REPORT.findings[0].detail
    assert (late["protocol_version"], late["protocol_sha256"], late["as_of"]) == ("2", TWO.fingerprint, "2026-04-02")
    assert (mode["kind"], mode["days_out"], mode["protocol_variant"]) == ("wrong-mode", "", "")
    assert (other["kind"], other["level"], other["other"]) == ("in-other-window", "note", "V3")
    assert (
        results.dumps_check(report(replace(PERSON, records=()), date(2026, 3, 1)), format="csv", findings=True).count(
            "\n"
        )
        == 1
    )


def test_the_csv_for_excel() -> None:
    """A byte order mark, semicolons, CRLF; the same cells."""
    text = results.dumps_check([REPORT, report(replace(PERSON, code="P2"))], format="csv", excel=True)
    assert text.startswith("\ufeffsubject;visit;status;")
    assert text.count("\ufeff") == 1
    assert text.count("\r\n") == text.count("\n") == 9
    plain = results.dumps_check([REPORT, report(replace(PERSON, code="P2"))], format="csv")
    assert table(text.removeprefix("\ufeff"), ";") == table(plain)


def test_cells_that_a_spreadsheet_would_run_are_guarded() -> None:
    """A code that begins as a formula has an apostrophe first; numbers stay numbers, below zero too."""
    early = ts.Subject("=1+1", baseline=date(2026, 3, 2)).attended("V1", date(2026, 2, 26))
    (first, *_) = table(results.dumps_check(report(early), format="csv"))
    assert (first["subject"], first["days_out"], first["days_from_target"]) == ("'=1+1", "-1", "-4")
    (finding,) = table(results.dumps_check(report(early, date(2026, 3, 2)), format="csv", findings=True))
    assert (finding["subject"], finding["days_out"]) == ("'=1+1", "-1")
    assert json.loads(results.dumps_check(report(early)))["subjects"][0]["subject"] == "=1+1"


def test_provisional_and_the_variant() -> None:
    """Rows say that they rest on a provisional baseline; the stamp that assumed windows were left out."""
    subject = ts.Subject("P1", baseline=date(2026, 3, 2), baseline_status="provisional")
    found = report(subject, date(2026, 3, 1), ONE.as_registered())
    rows = table(results.dumps_check(found, format="csv"))
    assert {row["provisional"] for row in rows} == {"true"}
    assert {row["protocol_variant"] for row in rows} == {"as-registered"}
    assert [row["window_basis"] for row in rows] == ["protocol", "protocol", "none", "none"]
    document = results.check_as_json(found)
    assert document["protocols"][0]["variant"] == "as-registered"
    text = results.dumps_check(found, format="markdown")
    assert "| V1 | due | 2026-03-02 (provisional) | 2026-02-27..2026-03-05 |  |  |  |" in text
    assert "Stamp: protocol demo 1 (as-registered), sha256" in text


def test_markdown_has_a_table_and_a_list_for_each_subject() -> None:
    """The rows, the findings with their level, what is no visit, and at the end the sums, the day and the stamps."""
    second = report(ts.Subject("P|2", baseline=date(2026, 3, 30)))
    text = results.dumps_check([REPORT, second], format="markdown")
    first, _, rest = text.partition("\n## P&#124;2\n")
    assert first.splitlines() == [
        "## P1",
        "",
        "Baseline 2026-03-01, day zero 2026-03-02 (attended), ended 2026-04-01 (withdrawn).",
        "",
        "| visit | status | target | window | booked | attended | days out | from target | version |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        "| V1 | done | 2026-03-01 | 2026-02-26..2026-03-04 |  | 2026-03-02 | 0 | +1 | 1 |",
        "| V2 | done | 2026-03-12 | 2026-03-08..2026-03-16 | 2026-03-13 09:05 | 2026-03-17 | +1 | +5 | 2 |",
        "| V3 | done | 2026-03-24 | 2026-03-17..2026-03-31 (assumed) |  | 2026-03 | undecided |  | 2 |",
        "| V4 | not-expected | 2026-04-11 | none |  |  |  |  | 2 |",
        "",
        f"* deviation: V2 late: {REPORT.findings[0].detail}",
        f"* deviation: V2 wrong-mode: {REPORT.findings[1].detail}",
        f"* note: V2 in-other-window: {REPORT.findings[2].detail}",
        "* recorded, not planned: UNS1 attended 2026-03-20",
        *(f"* about the plan: {note}" for note in REPORT.plan.notes),
    ]
    assert rest.startswith("\nBaseline 2026-03-30, day zero 2026-03-30 (baseline).\n\n| visit |")
    stamps = [
        f"Stamp: protocol demo {p.version}, sha256 {p.fingerprint}; trialsched {ts.__version__}." for p in (ONE, TWO)
    ]
    end = ["As of 2026-04-02: 2 subjects, 8 visits, 2 deviations, 1 note.", *stamps]
    assert rest.endswith("|\n\n" + "\n\n".join(end) + "\n")


def test_markdown_says_what_has_no_window_and_all_stamps() -> None:
    """`none` and `empty`; the stamps are those of the document, not of its last report."""
    limited = ts.Visit("V2", "on-site", ts.Timing("10 days after V1", window="±2 days", not_before="20 days after V1"))
    empty = ts.Protocol("demo", "9", "V1", [ONE.visits[0], limited])
    text = results.dumps_check(
        report(ts.Subject("P1", baseline=date(2026, 3, 2)), date(2026, 3, 2), empty), format="markdown"
    )
    assert "| V2 | upcoming | 2026-03-12 | empty |  |  |  |" in text
    fewer = [REPORT, report(replace(PERSON, code="P2"), date(2026, 4, 2), TWO)]
    assert results.dumps_check(fewer, format="markdown").count("\nStamp: ") == 2


def test_markdown_of_one_version_has_no_column_for_it() -> None:
    """Nothing is said that is the same in every row."""
    text = results.dumps_check(report(PERSON, date(2026, 4, 2), ONE), format="markdown")
    assert "| visit | status | target | window | booked | attended | days out | from target |\n" in text
    assert "| V2 | done | 2026-03-12 | 2026-03-10..2026-03-14 | 2026-03-13 09:05 | 2026-03-17 | +3 | +5 |\n" in text


def test_nothing_in_markdown_acts_as_markup() -> None:
    """Codes and sentences are text."""
    subject = ts.Subject("<b>", baseline=date(2026, 3, 2)).attended("X_1_", date(2026, 3, 7))
    text = results.dumps_check(report(subject), format="markdown")
    assert text.startswith("## &lt;b&gt;\n")
    assert "* note: X\\_1\\_ unknown-visit: " in text
    assert "* recorded, not planned: X\\_1\\_ attended 2026-03-07" in text


@pytest.mark.parametrize(
    ("attended", "out", "words"),
    [
        (date(2026, 3, 12), 0, "0"),
        (date(2026, 3, 9), -1, "-1"),
        (date(2026, 3, 17), 3, "+3"),
        (ts.PartialDate(2026, 4), 18, "at least +18"),
        (ts.PartialDate(2026, 2), -10, "at least -10"),
        (ts.PartialDate(2026, 3), None, "undecided"),
    ],
)
def test_how_far_a_visit_is_out_in_words(attended: Any, out: int | None, words: str) -> None:  # noqa: ANN401
    """The window of V2 is 10 to 14 March: signed days; the least of a partly known date; undecided."""
    visit = report(ts.Subject("P1", baseline=date(2026, 3, 2)).attended("V2", attended), date(2026, 5, 1), ONE)["V2"]
    assert visit.days_out == out
    assert judged_in_words(visit) == (str(attended), words)


def test_a_partly_known_date_inside_is_in_the_window() -> None:
    """All of March lies in the window of V3, made wide: 0 days out, and no 'at least'."""
    wide = ts.Protocol(
        "demo", "1", "V1", [ONE.visits[0], ts.Visit("V3", "phone", ts.Timing("15 days after V1", window="±30 days"))]
    )
    found = report(
        ts.Subject("P1", baseline=date(2026, 3, 2)).attended("V3", ts.PartialDate(2026, 3)), date(2026, 5, 1), wide
    )
    assert judged_in_words(found["V3"]) == ("2026-03", "0")


@pytest.mark.parametrize(
    ("attended", "words"),
    [
        (date(2026, 3, 11), "-1"),
        (date(2026, 3, 12), "0"),
        (date(2026, 3, 14), "+2"),  # inside the window, and two days after its target
        (date(2026, 3, 20), "+8"),
        (ts.PartialDate(2026, 3), ""),
        (None, ""),
    ],
)
def test_the_distance_from_the_target_in_words(attended: Any, words: str) -> None:  # noqa: ANN401
    """The target of V2 is 12 March: signed days, in the window and outside of it; nothing without a whole date."""
    subject = ts.Subject("P1", baseline=date(2026, 3, 2))
    subject = subject if attended is None else subject.attended("V2", attended)
    assert from_target_in_words(report(subject, date(2026, 5, 1), ONE)["V2"]) == words


def test_withheld_and_nothing_in_words() -> None:
    """The subject came, and that the treatment was not given is said; nothing is said of what is to come."""
    found = report(ts.Subject("P1", baseline=date(2026, 3, 2)).withheld("V2", date(2026, 3, 12)), date(2026, 3, 12))
    assert judged_in_words(found["V2"]) == ("2026-03-12 (withheld)", "0")
    assert judged_in_words(found["V4"]) == ("", "")
    assert finding_in_words(found.findings[1]).startswith("note: V2 withheld: came on 2026-03-12")


def test_the_sums_have_their_words() -> None:
    """One is singular."""
    sums = Sums()
    sums.add(report(ts.Subject("P1", baseline=date(2026, 3, 2)).missed("V2").withheld("V3", date(2026, 3, 24))))
    assert str(sums) == "1 subject, 4 visits, 1 deviation, 2 notes"  # V1 has lapsed


def test_reports_are_written_as_they_come() -> None:
    """A piece for each report, none asked for before its turn: ten thousand subjects need no more room than one."""
    asked: list[int] = []

    def reports() -> Iterator[ts.Report]:
        for number in range(4):
            asked.append(number)
            yield report(replace(PERSON, code=f"P{number}"))

    for form, ahead in (("json", 1), ("csv", 0), ("markdown", 0)):
        asked.clear()
        pieces = results.iter_check(reports(), format=form)  # type: ignore[arg-type]
        assert asked == []
        head = 1 if form != "markdown" else 0
        for number in range(4 + head):
            text = next(pieces)
            assert (f"P{number - head}" in text) == (number >= head)
            assert len(asked) <= number + 1 - head + ahead
        assert len(list(pieces)) == (0 if form == "csv" else 1)


@pytest.mark.parametrize("form", ["json", "csv", "markdown"])
def test_dump_writes_what_dumps_gives(form: Any) -> None:  # noqa: ANN401
    """The file verb writes the text verb's UTF-8; the same reports give the same bytes."""
    reports = [report(replace(PERSON, code=code)) for code in ("Ł1", "P2")]
    out = io.BytesIO()
    results.dump_check(iter(reports), out, format=form, in_force=SITE)
    assert out.getvalue().decode() == results.dumps_check(reports, format=form, in_force=SITE)
    assert results.dumps_check(reports, format=form) == results.dumps_check(reports, format=form)


@pytest.mark.parametrize(
    ("reports", "where", "words"),
    [
        ([REPORT, "P2"], "reports[1]", "a Report is meant; read P2"),
        ([REPORT, REPORT], "reports[1]", "the subject 'P1' stands twice"),
        (
            [REPORT, report(replace(PERSON, code="P2"), date(2026, 4, 3))],
            "reports[1]",
            "read 2026-04-03 beside 2026-04-02",
        ),
        (
            [report(PERSON, date(2026, 4, 2), ONE), report(replace(PERSON, code="P2"))],
            "reports[1]",
            "the first report is not by demo 2, write its document apart",
        ),
    ],
)
@pytest.mark.parametrize("form", ["json", "csv", "markdown"])
def test_reports_that_make_no_document_are_refused(reports: Any, where: str, words: str, form: Any) -> None:  # noqa: ANN401
    """One day, the versions of the first, a subject once; said with the place, counted from 0."""
    with pytest.raises((ts.InvalidValueError, ts.InvalidTypeError)) as caught:
        results.dumps_check(reports, format=form)
    assert caught.value.where == where
    assert words in str(caught.value)


def test_a_report_by_fewer_versions_than_the_first_is_welcome() -> None:
    """Its rows name the version that judged them."""
    reports = [REPORT, report(replace(PERSON, code="P2"), date(2026, 4, 2), TWO)]
    document = results.check_as_json(reports)
    assert {visit["version"] for visit in document["subjects"][1]["visits"]} == {"2"}


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"format": "xml"}, "format"),
        ({"format": "jsonl"}, "format"),
        ({"format": "json", "findings": True}, "findings"),
        ({"format": "markdown", "excel": True}, "excel"),
    ],
)
def test_options_that_mean_nothing_are_refused_at_once(options: Any, where: str) -> None:  # noqa: ANN401
    """Nothing unreadable becomes a default, nor is it passed over (design 12)."""
    with pytest.raises(ts.InvalidValueError) as caught:
        results.iter_check([], **options)
    assert caught.value.where == where


@given(strategies.plans(), st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_all_formats_say_the_same(plan: ts.Plan, as_of: date) -> None:
    """For any plan and day: as many visits and findings in each, the JSON that of the values."""
    found = ts.check(plan, as_of)
    document = json.loads(results.dumps_check(found))
    assert document == results.check_as_json(found)
    (subject,) = document["subjects"]
    visits = table(results.dumps_check(found, format="csv"))
    assert [row["visit"] for row in visits] == [visit["visit"] for visit in subject["visits"]]
    assert [row["status"] for row in visits] == [visit.status for visit in found]
    findings = table(results.dumps_check(found, format="csv", findings=True))
    assert [(row["kind"], row["detail"]) for row in findings] == [(f.kind, f.detail) for f in found.findings]
    lines = results.dumps_check(found, format="markdown").splitlines()
    assert sum(line.startswith("| ") for line in lines) == len(found) + 2


def test_the_json_page_explains_every_field() -> None:
    """Each field of the report's JSON has its row on the reference page."""
    page = (Path(__file__).parents[3] / "docs" / "reference" / "json.md").read_text("utf-8")
    part = page[page.index("## The report") :].partition("\n## ")[0]
    told = set(re.findall(r"`([a-z0-9_]+)`", "\n".join(line for line in part.splitlines() if line.startswith("|"))))
    document = results.check_as_json(REPORT)
    (subject,) = document["subjects"]
    fields = {*document, *document["protocols"][0], *subject, *subject["visits"][0], *subject["findings"][0]}
    assert fields <= told
