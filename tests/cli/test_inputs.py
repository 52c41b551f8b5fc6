"""The inputs that every command shares: a trial's folder, protocols, the facts of one subject."""

from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest

import trialsched as ts
from tests.support.shell import trialsched
from trialsched.cli.inputs import (
    BadInput,
    Inputs,
    check_year,
    describe,
    exclusive,
    in_folder,
    one_subject,
    open_protocol,
    read_day,
)
from trialsched.formats import documents

NOTHING = Inputs()
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
    subject = one_subject(replace(NOTHING, baseline="2026-03-02"), [ALSTEM], [])
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


def test_a_folder_is_no_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what is one; a folder with the name of a bundled protocol does not hide it."""
    monkeypatch.chdir(tmp_path)
    for name in ("trial", "alstem"):
        (tmp_path / name).mkdir()
    with pytest.raises(BadInput) as caught:
        open_protocol("trial")
    assert caught.value.lines == ["--protocol trial: is a folder; expected a document in it, as trial/protocol.toml"]
    assert open_protocol("alstem") == ALSTEM


def test_the_year_of_coming_into_force_is_looked_at(tmp_path: Path) -> None:
    """2026 with a digit swapped would make a version the one of always."""
    path = tmp_path / "p.toml"
    for day, found in ((date(206, 5, 1), False), (date(1900, 1, 1), True)):
        path.write_text(documents.dumps(replace(ALSTEM, meta=replace(ALSTEM.meta, in_force=day))), "utf-8")
        if found:
            assert open_protocol(str(path)).meta.in_force == day
        else:
            with pytest.raises(BadInput) as caught:
                open_protocol(str(path))
            assert caught.value.lines[0].startswith(f"{path}: in_force: read 0206-05-01: a year before 1900")


def test_the_end_of_participation_is_a_fact() -> None:
    """`--ended` reaches the subject."""
    subject = one_subject(replace(NOTHING, baseline="2026-03-02", ended="2026-05-01"), [ALSTEM], [])
    assert subject is not None
    assert subject.ended == date(2026, 5, 1)


def facts(**options: tuple[str, ...]) -> tuple[tuple[ts.VisitRecord, ...], list[str]]:
    """Return the records that options make, and their faults."""
    faults: list[str] = []
    subject = one_subject(replace(NOTHING, baseline="2026-03-02", **options), [ALSTEM], faults)  # type: ignore[arg-type]
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
        ({"booked": ("DOSE2=T09:30",)}, "read 'T09:30', expected YYYY-MM-DD or YYYY-MM-DDTHH:MM"),
        ({"booked": ("DOSE2=2026-04-02 09:30",)}, "read '2026-04-02 09:30', expected YYYY-MM-DD or YYYY-MM-DDTHH:MM"),
        ({"booked": ("DOSE2=2026-04-02T24:00",)}, "read '2026-04-02T24:00', expected YYYY-MM-DD or YYYY-MM-DDTHH:MM"),
        ({"booked": ("DOSE2=2026-04-31T09:30",)}, "--booked DOSE2: read '2026-04-31', which is no day of the calendar"),
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
    one_subject(replace(NOTHING, baseline="2026-03-02", arm="A", missed=("INF1",)), [cycles], faults)
    assert faults[0].startswith("--missed: no visit 'INF1' in the plan")
    faults.clear()
    assert one_subject(replace(NOTHING, baseline="2026-03-02", arm="B", missed=("INF1",)), [cycles], faults)
    assert faults == []


def test_records_belong_to_a_list(tmp_path: Path) -> None:
    """For one subject there are options."""
    faults: list[str] = []
    assert one_subject(replace(NOTHING, baseline="2026-03-02", records="v.csv"), [ALSTEM], faults) is None
    assert len(faults) == 1
    assert faults[0].startswith("--records needs --subjects")
    result = trialsched("plan", "--baseline", "2026-03-02", "--records", "v.csv", cwd=tmp_path)
    assert result.code == 2
    assert "error: --records needs --subjects" in result.err


def test_nothing_typed_is_nothing() -> None:
    """No folder, the default protocol, nobody's facts."""
    assert Inputs() == Inputs(protocol=(), attended=(), trial=None)
    assert not Inputs().many
    assert Inputs(subjects="").many
    assert Inputs(trial="").many
    assert not Inputs(subject="P1").many
    assert exclusive(Inputs(protocol=("a",), baseline="", attended=("D0=2026-03-02",))) == ["--baseline", "--attended"]


def test_a_day_is_read_or_its_fault_noted() -> None:
    """A whole ISO date of a probable year."""
    faults: list[str] = []
    assert read_day("--from", "2026-07-01", faults) == date(2026, 7, 1)
    assert read_day("--from", "2026-07", faults) is read_day("--to", "2206-07-01", faults) is None
    assert [fault.partition(":")[0] for fault in faults] == ["--from", "--to"]


def version(number: str, codes: tuple[str, ...], arms: tuple[str, ...] = ()) -> ts.Protocol:
    """Return a small protocol of a version; every visit but the first is 30 days after it for each digit of it."""
    visits = [ts.Visit("D0", "on-site")]
    visits += [ts.Visit(code, "phone", f"{30 * int(number)} days after D0") for code in codes]
    in_force = None if number == "1" else date(2026, int(number), 1)
    return ts.Protocol("demo", number, "D0", visits, arms=arms, meta=ts.Meta(in_force=in_force))


def test_a_visit_of_any_version_may_have_happened() -> None:
    """What one version does not have another has; what none has is a mistake."""
    both = [version("1", ("A",)), version("2", ("B",))]
    faults: list[str] = []
    typed = replace(NOTHING, baseline="2026-03-02", missed=("A", "B"))
    subject = one_subject(typed, both, faults)
    assert subject is not None
    assert [record.visit for record in subject.records] == ["A", "B"]
    one_subject(replace(typed, missed=("C1",)), both, faults)
    assert faults == ["--missed: no visit 'C1' in the plan; expected one of D0, A, B"]


def test_an_arm_is_one_of_every_version() -> None:
    """The version that has none of the name is told."""
    both = [version("1", ("A",), ("X", "Y")), version("2", ("A",), ("X",))]
    faults: list[str] = []
    assert one_subject(replace(NOTHING, baseline="2026-03-02", arm="X"), both, faults)
    one_subject(replace(NOTHING, baseline="2026-03-02", arm="Y"), both, faults)
    assert faults == ["--arm: the protocol of version 2 has no arm 'Y'; its arms: X"]
    assert one_subject(replace(NOTHING, baseline="2026-03-02", arm="Y", missed=("A",)), both, [], both[:1])
    faults.clear()
    one_subject(replace(NOTHING, baseline="2026-03-02", arm="X"), [ALSTEM], faults)
    assert faults == ["--arm: the protocol has no arm 'X'; its arms: none"]


def test_a_code_may_be_declared_by_any_version() -> None:
    """Unscheduled contacts of ALSTEM are recorded, whatever another version declares."""
    typed = replace(NOTHING, baseline="2026-03-02", attended=("UNS1=2026-03-09",))
    for protocols in ([ALSTEM], [version("1", ("A",)), ALSTEM], [ALSTEM, version("1", ("A",))]):
        assert one_subject(typed, protocols, [])


def test_a_provisional_baseline_is_by_the_version_of_that_day() -> None:
    """A is 30 days after by version 1, 60 by version 2, which is in force from 1 February 2026."""
    both = [version("1", ("A",)), version("2", ("A",))]
    for text, baseline in (("A=2026-01-31", date(2026, 1, 1)), ("A=2026-03-01", date(2025, 12, 31))):
        subject = one_subject(replace(NOTHING, provisional=text), both, [])
        assert subject is not None
        assert subject.baseline == baseline


def test_the_form_of_dates_belongs_to_lists() -> None:
    """What is typed has one form."""
    faults: list[str] = []
    one_subject(replace(NOTHING, baseline="2026-03-02", dates="dd.mm.yyyy"), [ALSTEM], faults)
    assert len(faults) == 1
    assert faults[0].startswith("--dates needs --subjects")


def folder(path: Path) -> Path:
    """Make a trial's folder of ALSTEM and one subject."""
    path.mkdir()
    (path / "protocol.toml").write_text(documents.dumps(ALSTEM), "utf-8")
    (path / "subjects.csv").write_text("subject,baseline\nP1,2026-03-02\n")
    return path


def test_a_folder_is_read_once(tmp_path: Path) -> None:
    """Whoever asks first has its faults noted; none is told twice."""
    typed = in_folder(NOTHING, str(folder(tmp_path / "trial")))
    faults: list[str] = []
    trial = typed.open_trial(faults)
    assert trial is not None
    assert trial.protocols == (ALSTEM,)
    assert typed.open_trial(faults) is trial
    (tmp_path / "trial" / "subjects.csv").unlink()
    typed = in_folder(NOTHING, str(tmp_path / "trial"))
    assert typed.open_trial(faults) is typed.open_trial(faults) is None
    assert faults == [f"{tmp_path / 'trial'}: subjects.csv: the file is missing; expected the trial's subjects"]
    assert NOTHING.open_trial(faults) is None


def test_years_of_a_folder_are_looked_at(tmp_path: Path) -> None:
    """As those of other lists (design 10)."""
    trial = folder(tmp_path / "trial")
    (trial / "subjects.csv").write_text("subject,baseline\nP1,1826-03-02\n")
    read = in_folder(NOTHING, str(trial)).open_trial([])
    assert read is not None
    assert "taken for a typing error" in str(read.problems[0])


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--subject", "P1"), "--subject"),
        (("--baseline", ""), "--baseline"),
        (("--subjects", "s.csv"), "--subjects"),
        (("--records", "v.csv"), "--records"),
        (("--protocol", "alstem"), "--protocol"),
        (("--arm", "A", "--provisional", "SCR1=2025-12-02", "--ended", "2026-05-01"), "--arm, --provisional, --ended"),
        (("--attended", "DOSE1=2026-03-02", "--booked", "x", "--missed", "y", "--withheld", "z", "--protocol", "b"),
         "--attended, --booked, --missed, --withheld, --protocol"),
    ],
)  # fmt: skip
def test_a_folder_stands_alone(tmp_path: Path, options: tuple[str, ...], named: str) -> None:
    """Beside a subject, a list or a protocol it is bad input, said once (design 10)."""
    folder(tmp_path / "trial")
    for command in (("plan", "trial"), ("ics", "trial", "-o", "out")):
        result = trialsched(*command, *options, cwd=tmp_path)
        assert (result.code, result.out) == (2, "")
        expected = f"trial and {named} exclude each other: the folder has the protocol and every subject's facts"
        assert result.err == f"error: {expected}\n"
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """Not there, or a file; never ALSTEM by default when it has no protocol (design 10)."""
    path = folder(tmp_path / "trial")
    gone = trialsched("plan", "gone", cwd=tmp_path)
    assert (gone.code, gone.err) == (2, "error: gone: No such file or directory\n")
    file = trialsched("plan", "trial/subjects.csv", cwd=tmp_path)
    assert (file.code, file.err) == (2, "error: trial/subjects.csv: is a file; the folder of a trial is meant\n")
    (path / "protocol.toml").unlink()
    bare = trialsched("plan", "trial", cwd=tmp_path)
    assert (bare.code, bare.out) == (2, "")
    assert bare.err.startswith("error: trial: protocol.toml: the folder has no protocol")
    assert "alstem" not in bare.err


def test_a_folder_may_drop_what_is_assumed_and_declare_dates(tmp_path: Path) -> None:
    """`--as-registered` and `--dates` go with it; a `trial.toml` that says another form is bad input."""
    path = folder(tmp_path / "trial")
    (path / "subjects.csv").write_text("subject,baseline\nP1,2.3.2026\n")
    result = trialsched("plan", "trial", "--as-registered", "--dates", "dd.mm.yyyy", cwd=tmp_path)
    assert (result.code, result.err) == (0, "")
    assert "P1: baseline 2026-03-02; protocol alstem 2022-05-03 (as-registered)" in result.out
    (path / "trial.toml").write_text('schema = "trialsched/trial/1"\ndate_format = "mm/dd/yyyy"\n')
    result = trialsched("plan", "trial", "--dates", "dd.mm.yyyy", cwd=tmp_path)
    assert result.code == 2
    assert "trial.toml: date_format: another form of dates than is asked for" in result.err
