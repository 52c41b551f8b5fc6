"""The inputs that every command shares."""

from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest

import trialsched as ts
from trialsched.cli.inputs import BadInput, Inputs, check_year, describe, many_subjects, one_subject, open_protocol

NOTHING = Inputs(None, False, None, None, None, None, (), (), (), (), None, None)  # noqa: FBT003 - as typed
ALSTEM = ts.load_protocol("alstem")


@pytest.mark.parametrize("year", [1900, 2199])
def test_years_that_are_taken(year: int) -> None:
    """1900 to 2199, ends included."""
    check_year(date(year, 6, 1))


@pytest.mark.parametrize("year", [1899, 2200])
def test_years_that_are_typing_errors(year: int) -> None:
    """The command line refuses years before 1900 and after 2199 (design 10)."""
    with pytest.raises(ts.InvalidValueError):
        check_year(date(year, 6, 1))


def test_a_subject_without_a_name_has_a_stand_in() -> None:
    """A plan for nobody in particular is for SUBJECT."""
    subject = one_subject(replace(NOTHING, baseline="2026-03-02"), ALSTEM, [])
    assert subject == ts.Subject("SUBJECT", baseline=date(2026, 3, 2))


def test_protocols_in_words() -> None:
    """Id, version and variant."""
    assert describe(ALSTEM) == "alstem 2022-05-03"
    assert describe(ALSTEM.as_registered()) == "alstem 2022-05-03 (as-registered)"


def test_an_unknown_protocol_is_bad_input() -> None:
    """The message names the option."""
    with pytest.raises(BadInput) as caught:
        open_protocol("alsten")
    assert caught.value.lines[0].startswith("--protocol alsten: ")


def test_the_end_of_participation_is_a_fact() -> None:
    """`--ended` reaches the subject."""
    subject = one_subject(replace(NOTHING, baseline="2026-03-02", ended="2026-05-01"), ALSTEM, [])
    assert subject is not None
    assert subject.ended == date(2026, 5, 1)


def facts(**options: tuple[str, ...]) -> tuple[tuple[ts.VisitRecord, ...], list[str]]:
    """Return the records that options make, and their faults."""
    faults: list[str] = []
    subject = one_subject(replace(NOTHING, baseline="2026-03-02", **options), ALSTEM, faults)  # type: ignore[arg-type]
    return (subject.records if subject else ()), faults


def test_the_facts_about_a_visit_are_one_record() -> None:
    """As the methods of a subject set them (design 6)."""
    record, day, other = ts.VisitRecord, date(2026, 4, 2), date(2026, 4, 3)
    booked = ("DOSE2=2026-04-02T09:30",)
    assert facts(booked=booked, missed=("DOSE2",))[0] == (
        record("DOSE2", booked=day, booked_time=time(9, 30), outcome="missed"),
    )
    assert facts(booked=booked, attended=("DOSE2=2026-04-03",))[0] == (
        record("DOSE2", booked=day, booked_time=time(9, 30), attended=other),
    )
    assert facts(booked=booked, withheld=("DOSE2=2026-04-02",))[0] == (
        record("DOSE2", booked=day, booked_time=time(9, 30), attended=day, outcome="withheld"),
    )


def test_a_visit_that_was_withheld_and_is_held_again_has_two_records() -> None:
    """The second is a contact of its own."""
    record, day, other = ts.VisitRecord, date(2026, 4, 2), date(2026, 4, 9)
    withheld = record("DOSE2", attended=day, outcome="withheld")
    assert facts(withheld=("DOSE2=2026-04-02",), booked=("DOSE2=2026-04-09",))[0] == (
        withheld,
        record("DOSE2", booked=other),
    )
    assert facts(withheld=("DOSE2=2026-04-02",), attended=("DOSE2=2026-04-09",))[0] == (
        withheld,
        record("DOSE2", attended=other),
    )


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"attended": ("DOSE2=2026-04-02",), "missed": ("DOSE2",)}, "--missed: DOSE2 is also said to have happened"),
        ({"withheld": ("DOSE2=2026-04-02",), "missed": ("DOSE2",)}, "--missed: DOSE2 is also said to have happened"),
        ({"attended": ("DOSE2=2026-04-02", "DOSE2=2026-04-03")}, "--attended: DOSE2 is given twice"),
        ({"booked": ("DOSE2=2026-04-02", "DOSE2=2026-04-03")}, "--booked: DOSE2 is given twice"),
        ({"attended": ("DOSE2=1826",)}, "before 1900"),
        ({"attended": ("DOSE2=1899-12",)}, "before 1900"),
        ({"attended": ("=2026-04-02",)}, "expected CODE=DATE"),
        ({"booked": ("DOSE2=T09:30",)}, "--booked DOSE2: read ''"),
        ({"missed": ("dose2",)}, "expected 'DOSE2', the nearest one"),
    ],
)
def test_facts_that_contradict_or_cannot_be(options: dict[str, tuple[str, ...]], part: str) -> None:
    """Nothing said is dropped in silence."""
    records, faults = facts(**options)
    assert records == ()
    assert len(faults) == 1
    assert part in faults[0]


def test_a_visit_of_another_arm_is_not_in_the_plan() -> None:
    """A code is looked for among the visits of the subject's arm."""
    cycles = ts.load_protocol("cycles")
    faults: list[str] = []
    one_subject(replace(NOTHING, baseline="2026-03-02", arm="A", missed=("INF1",)), cycles, faults)
    assert faults[0].startswith("--missed: no visit 'INF1' in the plan")
    faults.clear()
    assert one_subject(replace(NOTHING, baseline="2026-03-02", arm="B", missed=("INF1",)), cycles, faults)
    assert faults == []


def test_a_list_and_the_facts_of_one_subject_exclude_each_other(tmp_path: Path) -> None:
    """Each of the options is named."""
    path = tmp_path / "s.csv"
    path.write_text("subject,baseline\nP1,2026-03-02\n")
    faults: list[str] = []
    many_subjects(replace(NOTHING, subjects=str(path), ended="2026-05-01", missed=("M03",)), faults)
    assert faults == ["--subjects and --missed, --ended exclude each other: the file has every subject's facts"]


def test_typing_errors_in_a_list_are_named_by_line_and_column(tmp_path: Path) -> None:
    """Both dates of a row, in the order of lines with the other faults."""
    path = tmp_path / "s.csv"
    path.write_text("subject,baseline,ended\nP1,1899-03-02,2500-01-01\nP2,soon,\nP3,2026-03-02,\n")
    good, bad = many_subjects(replace(NOTHING, subjects=str(path)), [])
    assert [subject.code for _, subject in good] == ["P3"]
    assert [(line, fault.split(": ")[1]) for line, fault in sorted(bad)] == [
        (2, "baseline"),
        (2, "ended"),
        (3, "baseline"),
    ]
