"""Lists of subjects and of what happened to them, as files named by options."""

from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest

import trialsched as ts
from tests.support.shell import trialsched
from trialsched.cli.inputs import Inputs
from trialsched.cli.lists import is_json, many_subjects, place_in, rows_of
from trialsched.formats import records
from trialsched.trial import Listed

NOTHING = Inputs()


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
        "v.csv line 2: subject: no subject 'P9' in s.csv; expected 'P2', the nearest one",
        "v.csv line 3: booked: read 'soon', expected a date as 'YYYY-MM-DD'",
        "v.csv line 3: subject: no subject 'P9' in s.csv; expected 'P2', the nearest one",
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


def test_records_beside_a_list_that_is_none_are_no_strangers(tmp_path: Path) -> None:
    """Whose they are cannot be told: only the list is at fault, and an unread file of records as well."""
    (tmp_path / "v.csv").write_text("subject,visit,attended\nP1,DOSE1,2026-03-04\n")
    typed = replace(NOTHING, subjects=str(tmp_path / "gone.csv"), records=str(tmp_path / "v.csv"))
    faults: list[str] = []
    assert many_subjects(typed, faults) == ([], [])
    assert len(faults) == 1
    assert faults[0].startswith("--subjects ")


def test_where_a_subject_stands() -> None:
    """The line of a CSV, the place in JSON."""
    assert is_json("s.JSON")
    assert not is_json("json.csv")
    assert place_in("s.csv", 4) == "s.csv line 4"
    assert place_in("s.json", 3) == "s.json subjects[3]"


def test_nobody_is_told() -> None:
    """A list without subjects is a slip on the command line."""
    for name, words in (("s.csv", "s.csv: no subjects under the header"), ("s.json", "s.json: no subjects")):
        faults: list[str] = []
        assert rows_of(Listed((), ()), name, faults) == ([], [])
        assert faults == [words]


def test_dates_of_another_form_are_declared_for_both_lists(tmp_path: Path) -> None:
    """`--dates` is for the file of subjects and that of records; without it dotted dates are bad rows."""
    (tmp_path / "s.csv").write_text("subject;baseline\nP1;2.3.2026\n")
    (tmp_path / "v.csv").write_text("subject;visit;attended\nP1;DOSE1;4.3.2026\n")
    typed = replace(NOTHING, subjects=str(tmp_path / "s.csv"), records=str(tmp_path / "v.csv"))
    faults: list[str] = []
    (row,), bad = many_subjects(replace(typed, dates="DD.MM.YYYY"), faults)
    assert row == (2, ts.Subject("P1", baseline=date(2026, 3, 2)).attended("DOSE1", date(2026, 3, 4)))
    assert (bad, faults) == ([], [])
    good, bad = many_subjects(typed, faults)
    assert (good, len(bad)) == ([], 2)
    assert "--dates dd.mm.yyyy" in bad[0][1]
    assert many_subjects(replace(typed, dates="dd.mm"), faults) == ([], [])
    assert faults == ["--dates: read 'dd.mm', expected 'dd.mm.yyyy', the nearest one"]


def test_subjects_with_their_records_as_json(tmp_path: Path) -> None:
    """The same subjects as from the two lists; a bad one is told with its place, and the years are looked at."""
    good = ts.Subject("P1", baseline=date(2026, 3, 2)).booked("DOSE1", date(2026, 3, 4), time(9, 15))
    old = ts.Subject("P2", baseline=date(2026, 3, 2)).attended("DOSE1", date(1826, 3, 4))
    path = tmp_path / "s.json"
    path.write_text(records.dumps_json([good, old]))
    faults: list[str] = []
    rows, bad = many_subjects(replace(NOTHING, subjects=str(path)), faults)
    assert (rows, faults) == ([(0, good)], [])
    assert len(bad) == 1
    assert bad[0][1].startswith("s.json subjects[1].records[0].attended: read 1826-03-04: a year before 1900")
    path.write_text(records.dumps_json([good]).replace("2026-03-02", "soon"))
    rows, bad = many_subjects(replace(NOTHING, subjects=str(path)), faults)
    assert (rows, [line for line, _ in bad]) == ([], [0])
    assert bad[0][1].startswith("s.json subjects[0].baseline: ")


def test_json_has_its_records_and_its_form_of_dates(tmp_path: Path) -> None:
    """Beside it `--records` and `--dates` are bad input, and so are the facts of one subject."""
    path = tmp_path / "s.json"
    path.write_text(records.dumps_json([ts.Subject("P1", baseline=date(2026, 3, 2))]))
    faults: list[str] = []
    many_subjects(replace(NOTHING, subjects=str(path), records="v.csv", dates="dd.mm.yyyy", arm="A"), faults)
    assert faults == [
        "--subjects and --arm exclude each other: the file has every subject's facts",
        "--subjects FILE.json and --records, --dates exclude each other: it has the records, with ISO dates",
    ]
    for name, typed in (
        ("records", replace(NOTHING, subjects=str(path), records="v.csv")),
        ("dates", replace(NOTHING, subjects=str(path), dates="dd.mm.yyyy")),
    ):
        faults.clear()
        many_subjects(typed, faults)
        assert len(faults) == 1
        assert f"FILE.json and --{name} exclude each other" in faults[0]
    faults.clear()
    path.write_text("[]")
    many_subjects(replace(NOTHING, subjects=str(path)), faults)
    many_subjects(replace(NOTHING, subjects=str(tmp_path / "gone.json")), faults)
    assert faults[0].startswith("s.json: read no object")
    assert faults[1].endswith("gone.json: No such file or directory")


def test_a_subject_of_json_that_cannot_be_planned_is_told_with_its_place(tmp_path: Path) -> None:
    """Without a baseline there is no plan; the others are planned, and the command ends with 2."""
    people = [ts.Subject("P1"), ts.Subject("P2", baseline=date(2026, 3, 2))]
    (tmp_path / "s.json").write_text(records.dumps_json(people))
    result = trialsched("plan", "--protocol", "alstem", "--subjects", "s.json", cwd=tmp_path)
    assert result.code == 2
    assert result.err.startswith("error: s.json subjects[0]: baseline: no baseline")
    assert result.out.startswith("P2: baseline 2026-03-02")


EVERY = {
    "plan": ("--format", "csv"),
    "check": ("--format", "json"),
    "worklist": ("--from", "2026-03-01", "--to", "2026-03-31", "--format", "csv"),
    "adherence": ("--format", "csv"),
    "deviations": ("--format", "csv"),
    "sdtm": ("-o", "sdtm"),
    "ics": ("-o", "calendars"),
}


@pytest.mark.parametrize("command", EVERY)
@pytest.mark.parametrize("number", [1, 2])
def test_a_subject_without_a_baseline_is_one_clear_message_of_every_command(
    tmp_path: Path, command: str, number: int
) -> None:
    """Beside a subject who has one, who is not left out, and alone, when nothing is written."""
    day = date(2026, 3, 2)
    people = [ts.Subject(code, baseline).attended("DOSE1", day) for code, baseline in (("P1", None), ("P2", day))]
    (tmp_path / "s.json").write_text(records.dumps_json(people[:number]))
    options = ("--subjects", "s.json", "--protocol", "alstem", "--as-of", "2026-03-20", *EVERY[command])
    result = trialsched(command, *options, cwd=tmp_path)
    assert result.code == 2
    said = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert said == ["error: s.json subjects[0]: baseline: no baseline: a plan needs the planned day 0 of the subject"]
    made = "".join(path.read_text() for path in tmp_path.rglob("*.*") if path.suffix in (".csv", ".ics"))
    assert ("P2" in made + result.out) is (number == 2)
    assert "P1" not in made + result.out
    assert "Traceback" not in result.err
