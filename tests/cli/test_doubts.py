"""Doubts about what is recorded: dates that stand out are told, and recorded all the same."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support.folders import Folder
from trialsched.cli.doubts import far_ahead
from trialsched.offsets import PartialDate

# DOSE2 is 30 days after DOSE1, at least 25 days apart; M03 is far behind both. 2026-03-02 is a Monday.
PROTOCOL = """
schema = "trialsched/protocol/1"
id = "small"
version = "1"
anchor = "DOSE1"
[[visits]]
code = "DOSE1"
epoch = "treatment"
mode = "on-site"
window = "±7 days"
[[visits]]
code = "DOSE2"
epoch = "treatment"
mode = "on-site"
when = "30 days after DOSE1"
window = "±7 days"
[[visits]]
code = "M03"
epoch = "follow-up"
mode = "phone"
when = "90 days after DOSE1"
window = "±7 days"
[[spacing]]
from = "DOSE1"
to = "DOSE2"
at_least = "25 days"
"""


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Folder:
    """Return a folder of a subject whose day 0 is 2026-03-02, and of one that ended on 2026-04-10."""
    monkeypatch.chdir(tmp_path)
    folder = Folder(tmp_path, capsys)
    folder.put("protocol.toml", PROTOCOL)
    folder.put(
        "subjects.csv", "subject,baseline,ended,end_reason\nP1,2026-03-02,,\nP2,2026-03-02,2026-04-10,withdrawn\n"
    )
    folder.put("visits.csv", "subject,visit,attended\nP1,DOSE1,2026-03-02\nP2,DOSE1,2026-03-02\n")
    return folder


def record(trial: Folder, *arguments: str, as_of: str = "2026-06-30") -> tuple[list[dict[str, Any]], list[str]]:
    """Record, and return the warnings of the JSON, and those that were printed."""
    result = trial("record", "trial", *arguments, "--by", "AN", "--as-of", as_of, "--format", "json")
    assert result.code == 0
    warnings = json.loads(result.out)["warnings"]
    printed = [line for line in result.err.splitlines() if line.startswith("warning: ")]
    places = [" ".join(filter(None, (arguments[0], one["visit"]))) for one in warnings]
    assert printed == [f"warning: {place}: {one['detail']}" for place, one in zip(places, warnings, strict=True)]
    return warnings, printed


# Its target is 2026-04-01, a Wednesday, its window 2026-03-25 to 2026-04-08.
@pytest.mark.parametrize(
    ("visit", "option", "day", "expected"),
    [
        ("DOSE2", "--attended", "2026-03-25", [("too-close", -2)]),
        ("DOSE2", "--attended", "2026-04-08", []),
        ("DOSE2", "--booked", "2026-04-08T09:00", []),
        ("DOSE2", "--attended", "2026-04-09", [("late", 1)]),
        ("DOSE2", "--attended", "2026-03-27", []),
        ("DOSE2", "--attended", "2026-03-28", [("weekend", None)]),
        ("DOSE2", "--attended", "2026-03-29", [("weekend", None)]),
        ("DOSE2", "--attended", "2026-03-30", []),
        ("DOSE2", "--booked", "2026-03-28", [("weekend", None)]),
        ("DOSE2", "--booked", "2026-04-13", [("booked-outside", 5)]),
        ("DOSE2", "--withheld", "2026-04-09", [("late", 1)]),
        ("DOSE2", "--attended", "2026-04", []),
        ("DOSE2", "--attended", "2026-05", [("late", 23)]),
        ("M03", "--attended", "2026-06-30", [("late", 23)]),
        ("M03", "--attended", "2026-07-01", [("late", 24), ("in-the-future", None)]),
        ("M03", "--missed", "", []),
    ],
)
def test_a_date_that_stands_out_is_told_and_recorded(
    trial: Folder, visit: str, option: str, day: str, expected: list[tuple[str, int | None]]
) -> None:
    """Outside the window by how many days, on a Saturday or Sunday, after today."""
    warnings, _ = record(trial, "P1", visit, option, *([day] if day else []))
    assert [(one["kind"], one["days_out"]) for one in warnings] == expected
    assert visit in {row.record.visit for row in trial.listed().rows}


def test_a_visit_that_is_too_near_to_another_is_told(trial: Folder) -> None:
    """DOSE2 22 days after DOSE1, where 25 are asked for: three are missing, and the window opens in one."""
    warnings, _ = record(trial, "P1", "DOSE2", "--attended", "2026-03-24")
    assert [(one["kind"], one["days_out"]) for one in warnings] == [("early", -1), ("too-close", -3)]


@pytest.mark.parametrize(("day", "after"), [("2026-04-10", False), ("2026-04-13", True)])
def test_what_is_after_the_end_of_participation_is_told(trial: Folder, day: str, *, after: bool) -> None:
    """Held or booked; the last day itself is not after it."""
    for option in ("--booked", "--attended"):
        warnings, _ = record(trial, "P2", "DOSE2", option, day)
        assert ("after-end" in [one["kind"] for one in warnings]) is after


def test_an_end_before_what_was_held_is_told(trial: Folder) -> None:
    """The end is recorded after the visits: those that are behind it are named."""
    record(trial, "P1", "DOSE2", "--attended", "2026-04-01")
    warnings, printed = record(trial, "P1", "--ended", "2026-03-31", "--end-reason", "withdrawn")
    assert [(one["kind"], one["visit"], one["date"]) for one in warnings] == [("after-end", "DOSE2", "2026-04-01")]
    assert len(printed) == 1


# 2026-03-14 is a Saturday.
@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-03-13", []),
        ("2026-03-14", ["baseline 2026-03-14, a Saturday"]),
        ("2026-03-15", ["baseline 2026-03-15, a Sunday"]),
        ("2026-03-16", []),
    ],
)
@pytest.mark.parametrize("option", ["--baseline", "--provisional-baseline"])
def test_a_baseline_on_a_weekend_is_told(trial: Folder, option: str, day: str, words: list[str]) -> None:
    """A baseline is the planned day of a visit; one that was known before is not told again."""
    warnings, _ = record(trial, "P3", option, day)
    assert [one["detail"] for one in warnings] == words
    assert all((one["kind"], one["visit"], one["date"]) == ("weekend", None, day) for one in warnings)
    assert record(trial, "P3", "--language", "pl") == ([], [])


@pytest.mark.parametrize(("day", "told"), [("2026-06-29", False), ("2026-06-30", False), ("2026-07-01", True)])
def test_an_end_that_is_still_to_come_is_told(trial: Folder, day: str, *, told: bool) -> None:
    """The day that is asked for is not in the future, the next one is; an end on a weekend is no slip."""
    warnings, _ = record(trial, "P1", "--ended", day)
    words = f"end of participation {day}, which is still to come on 2026-06-30"
    expected = [("in-the-future", None, day, None, words)] if told else []
    found = [(one["kind"], one["visit"], one["date"], one["days_out"], one["detail"]) for one in warnings]
    assert found == expected
    assert record(trial, "P1", "--end-reason", "completed") == ([], [])


def test_what_was_known_before_is_not_told_again(trial: Folder) -> None:
    """A note that is added to a late visit says nothing new of its date."""
    first, _ = record(trial, "P1", "DOSE2", "--attended", "2026-04-12")
    assert [one["kind"] for one in first] == ["weekend", "late"]
    assert record(trial, "P1", "DOSE2", "--note", "snow") == ([], [])
    assert record(trial, "P1", "DOSE2", "--note", "snow") == ([], [])


def test_words_are_short(trial: Folder) -> None:
    """What a coordinator reads, on standard error, below what was recorded."""
    result = trial(
        "record", "trial", "P1", "DOSE2", "--booked", "2026-04-12T09:00", "--by", "AN", "--as-of", "2026-03-10"
    )
    assert result.code == 0
    assert result.err.splitlines()[0] == "warning: P1 DOSE2: booked for 2026-04-12, a Sunday"
    assert result.err.splitlines()[1].startswith(
        "warning: P1 DOSE2: booked for 2026-04-12, 4 days after its window 2026-03-25 to 2026-04-08 "
    )


@pytest.mark.parametrize("option", ["--attended", "--withheld"])
@pytest.mark.parametrize("day", ["2026-06-03", "2026-07"])
def test_a_day_to_come_is_told_without_a_word_of_a_report(trial: Folder, option: str, day: str) -> None:
    """Who records a day has made no report: the day of the record is named."""
    warnings, _ = record(trial, "P1", "M03", option, day, as_of="2026-06-02")
    told = [one["detail"] for one in warnings if one["kind"] == "in-the-future"]
    assert told == [f"attended {day}, which is still to come on 2026-06-02"]


def test_the_document_says_what_was_recorded(trial: Folder) -> None:
    """The cells that changed, the journal's lines and the hash that `journal verify` prints."""
    result = trial(
        "record",
        "trial",
        "P1",
        "DOSE2",
        "--attended",
        "2026-04-01",
        "--by",
        "AN",
        "--as-of",
        "2026-06-30",
        "--format",
        "json",
    )
    told = json.loads(result.out)
    assert (told["schema"], told["generator"]["name"]) == ("trialsched/record/1", "trialsched")
    assert (told["subject"], told["visit"], told["record"], told["lines"]) == ("P1", "DOSE2", 1, 2)
    assert told["changes"] == [{"column": "attended", "was": None, "is": "2026-04-01"}]
    assert told["warnings"] == []
    assert trial.verify().out.endswith(f"{told['sha256']}\n")


@pytest.mark.parametrize(
    ("as_of", "day", "ahead"),
    [
        ("2026-03-02", "2027-03-02", False),
        ("2026-03-02", "2027-03-03", True),
        ("2028-02-29", "2029-02-28", False),
        ("2028-02-29", "2029-03-01", True),
        ("2026-03-02", "2062-12-02", True),
    ],
)
def test_a_date_more_than_a_year_ahead_must_be_meant(trial: Folder, as_of: str, day: str, *, ahead: bool) -> None:
    """Whichever option has it; `--far-ahead` records it."""
    for facts in (
        ("P1", "DOSE2", "--attended", day),
        ("P1", "DOSE2", "--withheld", day),
        ("P1", "DOSE2", "--booked", f"{day}T09:00"),
        ("P1", "--ended", day),
        ("P3", "--baseline", day),
        ("P3", "--provisional-baseline", day),
    ):
        assert far_ahead(date.fromisoformat(day), date.fromisoformat(as_of)) is ahead
        before = {name: trial.text(name) for name in trial.names()}
        result = trial("record", "trial", *facts, "--by", "AN", "--as-of", as_of)
        if ahead:
            read = f"{day}T09:00" if facts[2:3] == ("--booked",) else day
            assert (result.code, result.out) == (2, "")
            assert result.err.endswith(f": read {read!r}, more than a year after {as_of}; --far-ahead records it\n")
            assert {name: trial.text(name) for name in trial.names()} == before
            assert trial("record", "trial", *facts, "--by", "AN", "--as-of", as_of, "--far-ahead").code == 0
        else:
            assert result.code == 0
        for name in trial.names():
            if name not in before:
                (trial.path / name).unlink()
        (trial.path / "events.lock").unlink()
        for name, text in before.items():
            trial.put(name, text)


def test_of_a_partly_known_date_it_must_be_sure() -> None:
    """A month that begins within the year may be meant."""
    assert not far_ahead(PartialDate(2027, 3), date(2026, 3, 2))
    assert far_ahead(PartialDate(2027, 4), date(2026, 3, 2))
    assert not far_ahead(None, date(2026, 3, 2))


def test_today_is_the_day_of_the_clock(trial: Folder) -> None:
    """Without `--as-of` a date of another century is refused, whatever day it is."""
    assert trial("record", "trial", "P1", "DOSE2", "--booked", "2199-12-02", "--by", "AN").code == 2
