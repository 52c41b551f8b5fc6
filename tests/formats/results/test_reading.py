"""Plans read back from their JSON."""

import io
import json
from datetime import date, time
from typing import Any

import pytest
from hypothesis import given

import trialsched as ts
from trialsched import strategies
from trialsched.formats import results

ALSTEM = ts.load_protocol("alstem")
SUBJECT = ts.Subject("P01-007", baseline=date(2026, 3, 2))
PLAN = ts.schedule(ALSTEM, SUBJECT.booked("DOSE2", date(2026, 4, 2), time(9, 5)).attended("DOSE1", date(2026, 3, 4)))


@given(strategies.plans())
def test_a_plan_read_back_is_the_plan(plan: ts.Plan) -> None:
    """A plan read from its JSON differs in nothing that `changes` compares."""
    read = results.loads(results.dumps(plan))
    assert ts.changes(plan, read) == ts.changes(read, plan) == ()
    assert read.subject == plan.subject.code
    assert results.loads(results.dumps(plan).encode()) == read
    assert results.load(io.BytesIO(results.dumps(plan).encode())) == read


def test_keys_that_a_later_version_added_are_passed_over() -> None:
    """Adding is allowed: a newer plan is still read."""
    document = {**json.loads(results.dumps(PLAN)), "new": 1}
    document["visits"][0]["new"] = 1
    assert ts.changes(PLAN, results.loads(json.dumps(document))) == ()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda d: d.update(schema="trialsched/plan/2"), "schema"),
        (lambda d: d.update(visits=3), "visits"),
        (lambda d: d.update(subject=None), "subject"),
        (lambda d: d.update(protocol=[]), "protocol"),
        (lambda d: d["protocol"].pop("version"), "protocol.version"),
        (lambda d: d["visits"].append(3), "visits[17]"),
        (lambda d: d["visits"].append(d["visits"][0]), "visits[17].visit"),
        (lambda d: d["visits"][2].update(target="2026-13-01"), "visits[2].target"),
        (lambda d: d["visits"][2].update(target=None), "visits[2].target"),
        (lambda d: d["visits"][2].update(earliest=None), "visits[2].latest"),
        (lambda d: d["visits"][2].update(latest="2020-01-01"), "visits[2].latest"),
        (lambda d: d["visits"][2].update(mode="fax"), "visits[2].mode"),
        (lambda d: d["visits"][2].update(attended="2026-99"), "visits[2].attended"),
        (lambda d: d["visits"][2].update(booked="2026-03-04", booked_time="noon"), "visits[2].booked_time"),
        (lambda d: d["visits"][2].pop("visit"), "visits[2].visit"),
    ],
)
def test_damaged_plans_are_refused_by_place(change: Any, where: str) -> None:  # noqa: ANN401
    """What cannot be read is named by its place, counted from 0."""
    document = json.loads(results.dumps(PLAN))
    change(document)
    with pytest.raises(ts.InvalidValueError) as caught:
        results.loads(json.dumps(document))
    assert caught.value.where == where


@pytest.mark.parametrize("data", ["", "[]", "3", "{", b"\xff", "[" * 100_000, "null"])
def test_what_is_no_plan_is_refused(data: str | bytes) -> None:
    """Other JSON, no JSON, no text and endless nesting are the library's own error."""
    with pytest.raises(ts.InvalidValueError):
        results.loads(data)


@pytest.mark.parametrize("clock", ["2026", "09", "T09", "09:30+02:00", "09:30:15", "24:00", "9:30", "", 0, "noon"])
def test_a_time_is_hours_and_minutes(clock: Any) -> None:  # noqa: ANN401
    """Times are naive minutes; anything else is refused by its place."""
    document = json.loads(results.dumps(PLAN))
    document["visits"][2].update(booked="2026-03-04", booked_time=clock)
    with pytest.raises(ts.InvalidValueError) as caught:
        results.loads(json.dumps(document))
    assert caught.value.where == "visits[2].booked_time"


def test_a_time_without_a_day_is_refused() -> None:
    """What is agreed for half past nine is agreed for some day."""
    document = json.loads(results.dumps(PLAN))
    document["visits"][2].update(booked=None, booked_time="09:30")
    with pytest.raises(ts.InvalidValueError, match="no day is booked"):
        results.loads(json.dumps(document))


@pytest.mark.parametrize("text", ["\ud800", "S\x1b[31mX", "", "a\nb"])
@pytest.mark.parametrize("key", ["subject", "visit", "id", "version"])
def test_texts_that_a_terminal_would_obey_or_no_file_could_hold_are_refused(text: str, key: str) -> None:
    """Codes are one printable line."""
    document = json.loads(results.dumps(PLAN))
    {"subject": document, "visit": document["visits"][0]}.get(key, document["protocol"])[key] = text
    with pytest.raises(ts.InvalidValueError):
        results.loads(json.dumps(document))


@pytest.mark.parametrize("key", ["target", "earliest", "latest", "booked", "booked_time", "attended", "mode"])
def test_a_field_that_is_not_there_is_no_null(key: str) -> None:
    """A plan of which something was lost is no plan."""
    document = json.loads(results.dumps(PLAN))
    del document["visits"][3][key]
    with pytest.raises(ts.InvalidValueError) as caught:
        results.loads(json.dumps(document))
    assert caught.value.where == f"visits[3].{key}"


def test_a_key_that_stands_twice_is_refused() -> None:
    """Which of the two is meant is not guessed."""
    with pytest.raises(ts.InvalidValueError, match="stands twice"):
        results.loads(results.dumps(PLAN).replace('"subject"', '"subject": "X", "subject"'))


@pytest.mark.parametrize("data", [12, None, {}, ["x"]])
def test_what_is_no_text_is_the_librarys_own_error(data: Any) -> None:  # noqa: ANN401
    """No bare error of Python comes out."""
    with pytest.raises(ts.InvalidValueError):
        results.loads(data)


def test_a_window_without_its_last_day_is_refused() -> None:
    """Two ends or none."""
    document = json.loads(results.dumps(PLAN))
    document["visits"][2]["latest"] = None
    with pytest.raises(ts.InvalidValueError, match="two ends or none"):
        results.loads(json.dumps(document))
