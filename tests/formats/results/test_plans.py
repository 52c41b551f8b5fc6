"""Plans as JSON, JSON lines, CSV and Markdown."""

import csv
import io
import json
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.formats import results

ALSTEM = ts.load_protocol("alstem")
SUBJECT = ts.Subject("P01-007", baseline=date(2026, 3, 2))
PLAN = ts.schedule(ALSTEM, SUBJECT.booked("DOSE2", date(2026, 4, 2), time(9, 5)).attended("DOSE1", date(2026, 3, 4)))

# The contract of design 9, in its order.
TOP = ["schema", "generator", "protocol", "subject", "arm", "baseline", "baseline_status", "day_zero",
       "day_zero_source", "visits"]  # fmt: skip
VISIT = ["visit", "label", "epoch", "mode", "target", "earliest", "latest", "window_basis", "protocol_day", "study_day",
         "weekday", "booked", "booked_time", "attended", "outcome", "provisional", "why"]  # fmt: skip


def test_the_field_names_of_the_contract() -> None:
    """Field names are fixed; what is added comes after them."""
    document = json.loads(results.dumps(PLAN))
    assert list(document)[: len(TOP)] == TOP
    assert list(document)[len(TOP) :] == ["notes", "ended", "end_reason", "other_records"]
    assert all(list(visit) == VISIT for visit in document["visits"])
    assert document["schema"] == "trialsched/plan/1"
    assert document["generator"] == {"name": "trialsched", "version": ts.__version__}
    assert document["protocol"] == {
        "id": "alstem",
        "version": "2022-05-03",
        "variant": None,
        "sha256": ALSTEM.fingerprint,
    }


def test_one_row_of_the_json_by_hand() -> None:
    """Dose 2 counted from 4 March 2026, booked for 2 April at 09:05."""
    document = json.loads(results.dumps(PLAN))
    assert (document["baseline"], document["day_zero"], document["day_zero_source"]) == (
        "2026-03-02",
        "2026-03-04",
        "attended",
    )
    row = document["visits"][4]
    assert row.pop("why").startswith("DOSE2 is 30 days after DOSE1 (attended date 2026-03-04): 2026-04-03")
    assert row == {
        "visit": "DOSE2",
        "label": {"en": "IMP administration 2", "pl": "Podanie produktu 2"},
        "epoch": "treatment",
        "mode": "on-site",
        "target": "2026-04-03",
        "earliest": "2026-03-27",
        "latest": "2026-04-10",
        "window_basis": "protocol",
        "protocol_day": 30,
        "study_day": 31,
        "weekday": "Friday",
        "booked": "2026-04-02",
        "booked_time": "09:05",
        "attended": None,
        "outcome": None,
        "provisional": False,
    }


def test_variant_and_nulls() -> None:
    """As registered, follow-ups have no window: nulls, basis `none`; the variant is shown."""
    document = json.loads(results.dumps(ts.schedule(ALSTEM.as_registered(), SUBJECT)))
    assert document["protocol"]["variant"] == "as-registered"
    month = document["visits"][6]
    assert (month["earliest"], month["latest"], month["window_basis"]) == (None, None, "none")


def test_text_is_unescaped_and_ends_with_a_line_feed() -> None:
    """Polish letters stay letters; lines end with a line feed alone."""
    text = results.dumps(PLAN)
    assert "Rozmowa telefoniczna po 4 miesiącach" in text
    assert text.endswith("}\n")
    assert "\r" not in text


def test_json_holds_one_plan_and_lines_any_number() -> None:
    """Several subjects: one JSON document a line (design 9)."""
    with pytest.raises(ts.InvalidValueError):
        results.dumps([PLAN, PLAN])
    with pytest.raises(ts.InvalidValueError):
        results.dumps([])
    lines = results.dumps([PLAN, PLAN], format="jsonl").splitlines()
    assert [json.loads(line) for line in lines] == [json.loads(results.dumps(PLAN))] * 2
    assert not results.dumps([], format="jsonl")


def table(text: str) -> list[dict[str, str]]:
    """Read CSV as another program does."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_has_the_subject_first_then_the_json_names() -> None:
    """Columns by the names of the JSON, labels by language, empty for null, the stamp of the origin last."""
    text = results.dumps(PLAN, format="csv")
    header = text.partition("\n")[0].split(",")
    assert header == [
        "subject",
        "visit",
        "label_en",
        "label_pl",
        *VISIT[2:],
        "arm",
        "baseline",
        "baseline_status",
        "day_zero",
        "day_zero_source",
        "protocol_id",
        "protocol_version",
        "protocol_variant",
        "protocol_sha256",
        "generator_version",
    ]
    rows = table(text)
    assert len(rows) == 17
    assert rows[4]["target"] == "2026-04-03"
    assert rows[4]["attended"] == ""
    assert rows[4]["provisional"] == "false"
    assert {row["subject"] for row in rows} == {"P01-007"}
    assert {(row["baseline"], row["day_zero"], row["day_zero_source"]) for row in rows} == {
        ("2026-03-02", "2026-03-04", "attended")
    }


def test_csv_quotes_what_needs_it() -> None:
    """A code with commas, quotes and a language that only one plan has still read back as they were."""
    odd = ts.Protocol("demo", "1", "D0", [ts.Visit("D0", "on-site", label={"de": 'Besuch, "eins"'})])
    plans = [PLAN, ts.schedule(odd, ts.Subject('a,"b"', baseline=date(2026, 3, 2)))]
    rows = table(results.dumps(plans, format="csv"))
    assert rows[17]["subject"] == 'a,"b"'
    assert rows[17]["label_de"] == 'Besuch, "eins"'
    assert rows[0]["label_de"] == ""


def test_csv_cells_that_a_spreadsheet_would_run_are_guarded() -> None:
    """A code or label that begins as a formula has an apostrophe first; days before day zero stay numbers."""
    odd = ts.Protocol(
        "demo", "1", "D0", [ts.Visit("D0", "on-site", label={"en": "+1"}), ts.Visit("V1", "phone", "3 days before D0")]
    )
    rows = table(results.dumps(ts.schedule(odd, ts.Subject("=1+1", baseline=date(2026, 3, 2))), format="csv"))
    assert [(row["subject"], row["label_en"], row["protocol_day"]) for row in rows] == [
        ("'=1+1", "'+1", "0"),
        ("'=1+1", "", "-3"),
    ]


def test_markdown_is_a_table_with_its_origin() -> None:
    """One row a visit, the protocol's fingerprint and the library's version below; nothing acts as markup."""
    text = results.dumps(ts.schedule(ALSTEM, replace(SUBJECT, code="<b>|x|_y_[z]`&amp;~~#!*\\")), format="markdown")
    assert text.startswith("## &lt;b&gt;&#124;x&#124;\\_y\\_\\[z\\]&#96;&amp;amp;&#126;&#126;\\#\\!\\*\\\\\n")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 19
    assert {line.count("|") for line in rows} == {12}
    assert "| DOSE2 | 2026-04-01 | Wednesday | 2026-03-25 | 2026-04-08 | protocol | 31 | on-site |  |  |  |" in rows
    assert f"Stamp: protocol alstem 2022-05-03, sha256 {ALSTEM.fingerprint}; trialsched {ts.__version__}." in text


def test_markdown_says_what_was_passed_over() -> None:
    """Notes are listed, a provisional baseline is said."""
    subject = replace(SUBJECT, baseline_status="provisional").attended("DOSE1", ts.PartialDate(2026, 3))
    text = results.dumps(ts.schedule(ALSTEM, subject), format="markdown")
    assert "Baseline 2026-03-02 (provisional)" in text
    assert "* DOSE1: attended 2026-03 is only partly known" in text
    assert "| DOSE2 | 2026-04-01 (provisional) | Wednesday |" in text


def test_markdown_says_what_happened() -> None:
    """Booked with its time, missed, and the arm."""
    subject = ts.Subject("S", baseline=date(2026, 1, 1), arm="B").booked("M06", date(2026, 7, 2), time(9, 30))
    text = results.dumps(ts.schedule(ts.load_protocol("cycles"), subject.missed("INF1")), format="markdown")
    assert "Arm B. Baseline 2026-01-01" in text
    assert "| video | 2026-07-02 09:30 |  |  |" in text
    assert "| INF1 | 2026-01-08 | Thursday | 2026-01-05 | 2026-01-13 | protocol | 8 | on-site |  |  | missed |" in text


@given(strategies.plans(), st.sampled_from(("json", "jsonl", "csv", "markdown")))
def test_dump_writes_what_dumps_gives(plan: ts.Plan, form: Any) -> None:  # noqa: ANN401
    """The file verb writes the text verb's UTF-8."""
    out = io.BytesIO()
    results.dump(plan, out, format=form)
    assert out.getvalue().decode() == results.dumps(plan, format=form)


def test_the_fields_that_depend_on_the_subject() -> None:
    """Arm, status of the baseline, outcome and an epoch that there is not."""
    odd = ts.Protocol("demo", "1", "D0", [ts.Visit("D0", "on-site"), ts.Visit("V1", "phone", "on D0")], arms=["A"])
    subject = ts.Subject("S", baseline=date(2026, 3, 2), arm="A", baseline_status="provisional").missed("V1")
    document = results.as_json(ts.schedule(odd, subject))
    assert (document["arm"], document["baseline_status"]) == ("A", "provisional")
    assert [(visit["outcome"], visit["epoch"]) for visit in document["visits"]] == [(None, None), ("missed", None)]


def test_an_unknown_format_is_refused() -> None:
    """Nothing unreadable becomes a default (design 12)."""
    with pytest.raises(ts.InvalidValueError) as caught:
        results.dumps(PLAN, format="JSON")  # type: ignore[arg-type]
    assert caught.value.where == "format"


def test_what_is_recorded_and_not_planned_is_written() -> None:
    """Unscheduled contacts and the end of participation are facts that a reader must not miss."""
    subject = replace(SUBJECT, ended=date(2026, 5, 1), end_reason="withdrawn")
    subject = subject.attended("UNS1", date(2026, 4, 9)).booked("UNS2", date(2026, 4, 10), time(9, 30))
    plan = ts.schedule(ALSTEM, subject)
    document = json.loads(results.dumps(plan))
    assert (document["ended"], document["end_reason"]) == ("2026-05-01", "withdrawn")
    empty = {"booked": None, "booked_time": None, "attended": None, "mode": None, "outcome": None}
    assert document["other_records"] == [
        {"visit": "UNS1", **empty, "attended": "2026-04-09"},
        {"visit": "UNS2", **empty, "booked": "2026-04-10", "booked_time": "09:30"},
    ]
    text = results.dumps(plan, format="markdown")
    assert "* recorded, not planned: UNS1 attended 2026-04-09\n" in text
    assert "ended 2026-05-01 (withdrawn)." in text


def test_notes_are_text_in_markdown() -> None:
    """A code of an unscheduled contact does not act as markup."""
    plan = ts.schedule(ALSTEM, SUBJECT.attended("UNS_1_", date(2026, 4, 9)))
    assert "planned: UNS\\_1\\_ attended" in results.dumps(plan, format="markdown")
