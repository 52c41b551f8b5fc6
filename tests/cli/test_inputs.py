"""The inputs that every command shares."""

from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest

import trialsched as ts
from tests.support.shell import trialsched
from trialsched.cli.inputs import BadInput, Inputs, check_year, describe, many_subjects, one_subject, open_protocol

NOTHING = Inputs(None, False, None, None, None, None, (), (), (), (), None, None, None)  # noqa: FBT003 - as typed
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


Many = tuple[list[tuple[int, ts.Subject]], list[str], list[str]]


def with_records(folder: Path, rows: str, subjects: str = "P1,2026-03-02\nP2,2026-03-02\n") -> Many:
    """Return the good subjects, what is said about bad rows in its order, and the faults of the whole command."""
    (folder / "s.csv").write_text("subject,baseline\n" + subjects, newline="")
    (folder / "v.csv").write_text("subject,visit,booked,booked_time,attended,outcome\n" + rows, newline="")
    faults: list[str] = []
    typed = replace(NOTHING, subjects=str(folder / "s.csv"), records=str(folder / "v.csv"))
    good, bad = many_subjects(typed, faults)
    return good, [fault for _, fault in sorted(bad, key=lambda pair: pair[0])], faults


def test_records_are_added_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Each to its subject, whatever lies between; codes that no protocol has are facts too."""
    rows = "P2,M03,2026-06-02,09:15,,\nP1,ODD,,,2026-03,\nP2,DOSE1,,,2026-03-04,\nP2,M03,,,,missed\n"
    good, bad, faults = with_records(tmp_path, rows)
    assert (bad, faults) == ([], [])
    assert good == [
        (2, ts.Subject("P1", baseline=date(2026, 3, 2)).attended("ODD", ts.PartialDate(2026, 3))),
        (
            3,
            ts.Subject(
                "P2",
                baseline=date(2026, 3, 2),
                records=(
                    ts.VisitRecord("M03", booked=date(2026, 6, 2), booked_time=time(9, 15)),
                    ts.VisitRecord("DOSE1", attended=date(2026, 3, 4)),
                    ts.VisitRecord("M03", outcome="missed"),
                ),
            ),
        ),
    ]


def test_records_without_rows_are_a_trial_that_begins(tmp_path: Path) -> None:
    """Nothing was booked yet."""
    good, bad, faults = with_records(tmp_path, "")
    assert (len(good), bad, faults) == (2, [], [])


def test_a_subject_with_a_bad_record_is_left_out_and_the_others_are_not(tmp_path: Path) -> None:
    """Without the attended date that the bad row means its dates would be wrong; all its bad rows are told."""
    rows = "P1,DOSE1,,,4.3.2026,\nP2,DOSE1,,,2026-03-04,\nP1,DOSE2,,,2026-04-02,\nP1,M03,,9:15,,\n"
    good, bad, faults = with_records(tmp_path, rows)
    assert faults == []
    assert [subject.code for _, subject in good] == ["P2"]
    assert [fault.partition(": ")[0] for fault in bad] == ["v.csv line 2", "v.csv line 5", "s.csv line 2"]
    assert bad[-1] == "s.csv line 2: P1 is left out: its dates may rest on what its bad rows of v.csv mean"


def test_typing_errors_in_the_years_of_records(tmp_path: Path) -> None:
    """Booked and attended dates before 1900 and after 2199, partly known ones too (design 10)."""
    rows = "P1,DOSE1,2206-03-04,,0202-03-04,\nP2,DOSE1,,,1899,\n"
    good, bad, _ = with_records(tmp_path, rows)
    assert good == []
    assert [": ".join(fault.split(": ")[:2]) for fault in bad] == [
        "v.csv line 2: booked",
        "v.csv line 2: attended",
        "s.csv line 2: P1 is left out",
        "v.csv line 3: attended",
        "s.csv line 3: P2 is left out",
    ]


def test_a_record_of_nobody_in_the_list_is_a_bad_row(tmp_path: Path) -> None:
    """It is told with its line, behind the rows of the list, and stops nobody."""
    good, bad, faults = with_records(tmp_path, "P9,DOSE1,,,2026-03-04,\nP9,M03,soon,,,\nP1,DOSE1,,,2026-03-04,\n")
    assert [subject.code for _, subject in good] == ["P1", "P2"]
    assert faults == []
    assert bad == [
        "v.csv line 2: subject: no subject 'P9' in s.csv",
        "v.csv line 3: booked: read 'soon', expected a date as 'YYYY-MM-DD'",
        "v.csv line 3: subject: no subject 'P9' in s.csv",
    ]


def test_a_code_that_differs_by_case_alone_is_a_slip_in_a_row_of_that_subject(tmp_path: Path) -> None:
    """No two subjects differ so: the one is named, and left out."""
    good, bad, _ = with_records(tmp_path, "p1,DOSE1,,,2026-03-04,\n")
    assert [subject.code for _, subject in good] == ["P2"]
    assert bad[0] == "v.csv line 2: subject: no subject 'p1' in s.csv; expected 'P1'"
    assert bad[1].startswith("s.csv line 2: P1 is left out")


def test_records_of_a_subject_whose_own_row_is_bad_are_no_strangers(tmp_path: Path) -> None:
    """Its row is told once; of its records, only those that are bad themselves."""
    rows = "P1,DOSE1,,,2026-03-04,\nP1,M03,soon,,,\n"
    good, bad, _ = with_records(tmp_path, rows, "P1,soon\nP2,2026-03-02\n")
    assert [subject.code for _, subject in good] == ["P2"]
    assert [": ".join(fault.split(": ")[:2]) for fault in bad] == ["s.csv line 2: baseline", "v.csv line 3: booked"]


@pytest.mark.parametrize("row", [",DOSE1,,,2026-03-04,", '"P1"x,DOSE1,,,2026-03-04,', '"P1,DOSE1'])
def test_a_row_that_may_be_anybodys_stops_all(tmp_path: Path, row: str) -> None:
    """Nobody is planned without a record that may be theirs; everything else that is wrong is told as well."""
    good, bad, faults = with_records(tmp_path, f"P2,M03,soon,,,\n{row}\n", "P0,soon\nP1,2026-03-02\nP2,2026-03-02\n")
    assert (good, bad) == ([], [])
    assert [fault.partition(": ")[0] for fault in faults] == ["s.csv line 2", "v.csv line 2", "v.csv line 3", "v.csv"]
    assert faults[-1].startswith("v.csv: nothing is planned while it cannot be told whose a row is")


def test_records_that_are_none_are_told_with_the_faults_of_the_list(tmp_path: Path) -> None:
    """Both files at once: one that is not there, one that is no list of records."""
    path = tmp_path / "s.csv"
    path.write_text("subject,baseline\nP1,2026-03-02\n")
    faults: list[str] = []
    many_subjects(replace(NOTHING, subjects="gone.csv", records="away.csv"), faults)
    assert faults == ["--subjects gone.csv: No such file or directory", "--records away.csv: No such file or directory"]
    faults.clear()
    many_subjects(replace(NOTHING, subjects=str(path), records=str(path)), faults)
    assert len(faults) == 1
    assert faults[0].startswith("s.csv line 1: unknown column 'baseline'")


def test_records_belong_to_a_list(tmp_path: Path) -> None:
    """For one subject there are options."""
    faults: list[str] = []
    assert one_subject(replace(NOTHING, baseline="2026-03-02", records="v.csv"), ALSTEM, faults) is None
    assert len(faults) == 1
    assert faults[0].startswith("--records needs --subjects")
    result = trialsched("plan", "--baseline", "2026-03-02", "--records", "v.csv", cwd=tmp_path)
    assert result.code == 2
    assert "error: --records needs --subjects" in result.err


def test_a_plan_with_records_is_that_of_the_same_facts_typed(tmp_path: Path) -> None:
    """By the command line, with a bad row: the good subject's plan is whole, the exit code 2."""
    with_records(tmp_path, "P1,DOSE1,,,2026-03-04,\nP1,DOSE2,2026-04-07T09:15,,,\nP2,DOSE1,,,4.3.2026,\n")
    many = trialsched(
        "plan", "--protocol", "alstem", "--subjects", "s.csv", "--records", "v.csv", "--format", "csv", cwd=tmp_path
    )
    typed = ("--subject", "P1", "--baseline", "2026-03-02", "--attended", "DOSE1=2026-03-04")
    one = trialsched(
        "plan", "--protocol", "alstem", *typed, "--booked", "DOSE2=2026-04-07T09:15", "--format", "csv", cwd=tmp_path
    )
    assert (many.code, one.code) == (2, 0)
    assert many.raw == one.raw
    assert b"P1,DOSE2," in many.raw
    assert [line[:20] for line in many.err.splitlines()] == ["error: v.csv line 4:", "error: s.csv line 3:"]
