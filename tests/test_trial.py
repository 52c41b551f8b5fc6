"""A trial's folder: everything in it is read together, and everything that is wrong is said at once."""

import os
import pickle
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest

import trialsched as ts
from trialsched.errors import Problem, TrialError
from trialsched.formats import documents
from trialsched.formats.records import RecordRow, SubjectList, SubjectRow
from trialsched.trial import in_order, listed, load_trial, protocol_on

Make = Callable[..., Path]
VISITS = [ts.Visit("D0", "on-site", ts.Timing(window="±7 days")), ts.Visit("W4", "phone", "4 weeks after D0")]
SUBJECTS = "subject,baseline\nP1,2026-03-02\nP2,2026-03-09\n"
HEADER = "subject,visit,booked,booked_time,attended,outcome\n"
CLINIC = 'schema = "trialsched/clinic/1"\nzone = "Europe/Warsaw"\n'
TRIAL = 'schema = "trialsched/trial/1"\n'


def version(number: str, in_force: date | None = None, name: str = "demo") -> ts.Protocol:
    """Return a small protocol of a version."""
    return ts.Protocol(name, number, "D0", VISITS, meta=ts.Meta(in_force=in_force))


ONE, TWO = version("1"), version("2", date(2026, 5, 1))


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that makes a folder of a protocol, subjects and the files named, None for one left out."""

    def made(**files: str | bytes | None) -> Path:
        first = {"protocol.toml": documents.dumps(ONE), "subjects.csv": SUBJECTS}
        there = {} if any(tmp_path.iterdir()) else first
        names = {name.replace("__", "-").replace("_", "."): text for name, text in files.items()}
        for name, text in {**there, **names}.items():
            if text is not None:
                (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return made


def problems(folder: Path, dates: str | None = None) -> list[Problem]:
    """Return what is wrong with the documents of a folder."""
    with pytest.raises(TrialError) as caught:
        load_trial(folder, dates=dates)
    return list(caught.value.problems)


def test_a_whole_folder(make: Make) -> None:
    """Two versions in their order, the site's date, the form of dates, the key's file, the clinic, who and what."""
    folder = make(
        protocol_toml=documents.dumps(TWO),
        protocol__1_toml=documents.dumps(ONE),
        trial_toml=f'{TRIAL}date_format = "dd.mm.yyyy"\nstudy_key_file = "secret/key"\n[in_force]\n2 = 2026-05-15\n',
        clinic_toml=CLINIC,
        subjects_csv="subject;baseline\nP1;2.3.2026\nP2;9.3.2026\n",
        visits_csv="subject;visit;booked;attended\nP2;W4;6.4.2026 9:15;\nP1;D0;;03.2026\nP2;D0;;9.3.2026\n",
        notes_txt="not ours",
    )
    trial = load_trial(folder)
    assert trial.folder == folder
    assert trial.protocols == (ONE, TWO)
    assert trial.in_force == {"2": date(2026, 5, 15)}
    assert (trial.date_format, trial.study_key_file) == ("dd.mm.yyyy", folder / "secret" / "key")
    assert trial.clinic == ts.Clinic("Europe/Warsaw")
    assert trial.subjects == (
        ts.Subject("P1", baseline=date(2026, 3, 2)).attended("D0", ts.PartialDate(2026, 3)),
        ts.Subject("P2", baseline=date(2026, 3, 9))
        .booked("W4", date(2026, 4, 6), time(9, 15))
        .attended("D0", date(2026, 3, 9)),
    )
    assert trial.problems == ()


def test_a_small_folder(make: Make) -> None:
    """A protocol and subjects are enough: nothing was booked yet, the ids come from the protocol's."""
    trial = load_trial(str(make()))
    assert (trial.protocols, dict(trial.in_force), trial.date_format, trial.study_key_file) == ((ONE,), {}, None, None)
    assert trial.clinic is None
    assert [subject.records for subject in trial.subjects] == [(), ()]


def test_a_trial_without_subjects_yet(make: Make) -> None:
    """A header alone is a trial that begins."""
    trial = load_trial(make(subjects_csv="subject,baseline\n", visits_csv="subject,visit\n"))
    assert (trial.subjects, trial.problems) == ((), ())


def test_a_trial_is_a_value(make: Make) -> None:
    """Equal by content, with a hash, and as it was when pickled."""
    folder = make(trial_toml=f"{TRIAL}[in_force]\n1 = 2026-01-01\n")
    trial = load_trial(folder)
    assert trial == load_trial(folder)
    assert hash(trial) == hash(load_trial(folder))
    assert pickle.loads(pickle.dumps(trial)) == trial  # noqa: S301 - our own


def test_the_version_in_force_on_a_day(make: Make) -> None:
    """From its date on, which the site's own overrides; before all of them it is the first."""
    folder = make(
        protocol__2_toml=documents.dumps(TWO), protocol__3_toml=documents.dumps(version("3", date(2026, 8, 1)))
    )
    trial = load_trial(folder)
    days = [date(2025, 1, 1), date(2026, 4, 30), date(2026, 5, 1), date(2026, 7, 31), date(2026, 8, 1)]
    assert [trial.protocol_on(day).version for day in days] == ["1", "1", "2", "2", "3"]
    make(trial_toml=f"{TRIAL}[in_force]\n1 = 2026-09-01\n")
    site = load_trial(folder)
    assert [protocol.version for protocol in site.protocols] == ["2", "3", "1"]
    assert [site.protocol_on(day).version for day in (*days, date(2026, 9, 1))] == ["2", "2", "2", "2", "3", "1"]


def test_the_library_and_the_command_line_judge_by_the_same_version(make: Make) -> None:
    """`protocol_on` is the version that `check` takes."""
    trial = load_trial(make(protocol__2_toml=documents.dumps(TWO), trial_toml=f"{TRIAL}[in_force]\n2 = 2026-05-15\n"))
    plans = [ts.schedule(protocol, trial.subjects[0]) for protocol in trial.protocols]
    for day in (date(2026, 1, 1), date(2026, 5, 14), date(2026, 5, 15), date(2027, 1, 1)):
        assert ts.check(plans, day, in_force=trial.in_force).plan.protocol == trial.protocol_on(day)


def test_reports_are_by_every_version_and_the_dates_of_the_site(make: Make) -> None:
    """A visit of 14 May is judged by version 1, one of 15 May by version 2: its document's date was 1 May."""
    trial = load_trial(
        make(
            protocol__2_toml=documents.dumps(TWO),
            trial_toml=f"{TRIAL}[in_force]\n2 = 2026-05-15\n",
            visits_csv=f"{HEADER}P1,D0,,,2026-05-14,\nP2,D0,,,2026-05-15,\n",
        )
    )
    reports = list(trial.reports(date(2026, 6, 30)))
    assert [(report.subject.code, report["D0"].version) for report in reports] == [("P1", "1"), ("P2", "2")]
    assert [report["D0"].days_out for report in reports] == [66, 60]  # windows to 9 and to 16 March
    assert reports[1] == trial.report(trial.subjects[1], date(2026, 6, 30))
    assert reports[0].plans == tuple(ts.schedule(protocol, trial.subjects[0]) for protocol in trial.protocols)


def test_a_subject_that_cannot_be_planned_is_told_where_it_is_reached(make: Make) -> None:
    """The reports before it are there."""
    trial = load_trial(make(subjects_csv="subject,baseline,arm\nP1,2026-03-02,\nP2,2026-03-09,A\n"))
    reports = trial.reports(date(2026, 6, 30))
    assert next(reports).subject.code == "P1"
    with pytest.raises(ts.TrialschedError, match="arm"):
        next(reports)


@pytest.mark.parametrize(
    ("named", "in_force", "found"),
    [
        ([ONE, TWO, version("3", date(2026, 5, 2))], {}, []),
        ([ONE, version("2")], {}, [("b: in_force", "no date, nor has a")]),
        ([ONE, version("2")], {"1": date(2026, 1, 1)}, []),
        ([TWO, version("3", date(2026, 5, 1))], {}, [("b: in_force", "the same date as a")]),
        ([TWO, version("3", date(2026, 5, 1))], {"3": date(2026, 6, 1)}, []),
        ([TWO, version("3", date(2026, 6, 1))], {"3": date(2026, 5, 1)}, [("b: in_force", "the same date as a")]),
        ([ONE, TWO, version("1", date(2026, 6, 1))], {}, [("c: version", "the same version as a")]),
        ([ONE, version("2", date(2026, 6, 1), "other")], {}, [("b: id", "another protocol than a")]),
        ([ONE, ONE], {}, [("b: version", "the same version as a")]),
    ],
)
def test_versions_of_one_protocol(
    named: list[ts.Protocol], in_force: dict[str, date], found: list[tuple[str, str]]
) -> None:
    """One id, different versions, different dates in force, one at most without; each fault at its file."""
    _, faults = in_order(list(zip("abc", named, strict=False)), in_force)
    assert [fault.where for fault in faults] == [where for where, _ in found]
    assert all(part in fault.message for fault, (_, part) in zip(faults, found, strict=True))


def test_versions_in_order_and_on_a_day_without_a_folder() -> None:
    """The one without date is the first, whatever the order given."""
    ordered, _ = in_order([("b", TWO), ("a", ONE)], {})
    assert ordered == (ONE, TWO)
    assert [protocol_on(ordered, {}, day) for day in (date(2026, 4, 30), date(2026, 5, 1))] == [ONE, TWO]


def test_everything_that_is_wrong_is_said_at_once(make: Make) -> None:
    """All problems of all files, each at its file; the bad rows as well."""
    folder = make(
        protocol_toml='schema = "trialsched/protocol/1"\nid = "demo"\nversion = "1"\nanchor = "D0"\n',
        trial_toml=f"{TRIAL}study_key_file = 3\n",
        clinic_toml=CLINIC.replace("Europe", "Europa"),
        subjects_csv="subject,start\nP1,2026-03-02\n",
        visits_csv="subject,vist\n",
    )
    assert [problem.where for problem in problems(folder)] == [
        "protocol.toml: visits",
        "trial.toml: study_key_file",
        "clinic.toml: zone",
        "subjects.csv line 1",
        "visits.csv line 1",
    ]
    make(trial_toml=TRIAL, subjects_csv=SUBJECTS, visits_csv=f"{HEADER}P1,D0,,,soon,\n")
    assert [problem.where for problem in problems(folder)] == [
        "protocol.toml: visits",
        "clinic.toml: zone",
        "visits.csv line 2: attended",
        "subjects.csv line 2",
    ]


def test_a_folder_without_a_protocol(make: Make) -> None:
    """It is never the bundled one (design 10), and dates in force of no version are no second fault."""
    folder = make(protocol_toml=None, trial_toml=f"{TRIAL}[in_force]\n1 = 2026-01-01\n")
    assert [str(problem) for problem in problems(folder)] == [
        "protocol.toml: the folder has no protocol; expected protocol*.toml, one for each version"
    ]


def test_a_folder_without_subjects(make: Make) -> None:
    """The list is missing, also beside records; of those the header is looked at, and no row is a stranger's."""
    folder = make(subjects_csv=None, visits_csv=f"{HEADER}P1,D0,,,2026-03-04,\n")
    assert [str(p) for p in problems(folder)] == ["subjects.csv: the file is missing; expected the trial's subjects"]


@pytest.mark.parametrize("ending", ["xlsx", "XLSX", "ods", "txt"])
def test_a_list_that_a_spreadsheet_saved_in_its_own_form_is_told(make: Make, ending: str) -> None:
    """Without it every visit would be lapsed. Beside the list it is a person's copy."""
    folder = make()
    (folder / f"visits.{ending}").write_bytes(b"PK")
    told = Problem(f"visits.{ending}", "", "'visits.csv'", 'not CSV: save it as "CSV UTF-8"')
    assert problems(folder) == [told]
    make(visits_csv=HEADER)
    assert load_trial(folder).problems == ()
    (folder / f"subjects.{ending}").mkdir()
    assert load_trial(folder).problems == ()
    (folder / f"subjects.{ending}").rmdir()
    (folder / "subjects.csv").rename(folder / f"subjects.{ending}")
    assert [problem.where for problem in problems(folder)] == [f"subjects.{ending}"]


def test_of_a_subject_that_is_not_listed_the_nearest_is_named(make: Make) -> None:
    """A slip in a code; of very many strangers only the first ones are looked up."""
    strangers = "".join(f"Q{number},D0,,,2026-03-02,\n" for number in range(30, 60))
    trial = load_trial(make(visits_csv=f"{HEADER}P-1,D0,,,2026-03-02,\n{strangers}P-2,D0,,,2026-03-09,\n"))
    expected = {problem.message: problem.expected for problem in trial.problems}
    assert expected["no subject 'P-1' in subjects.csv"] == "'P1', the nearest one"
    assert expected["no subject 'Q45' in subjects.csv"] == "a subject of subjects.csv"
    assert expected["no subject 'P-2' in subjects.csv"] == "a subject of subjects.csv"


def test_a_date_in_force_of_no_version(make: Make) -> None:
    """The nearest version is named; one whose document cannot be read is not called a stranger."""
    folder = make(protocol__2_toml=documents.dumps(version("2.0", date(2026, 5, 1))))
    make(trial_toml=f'{TRIAL}[in_force]\n"2,0" = 2026-05-15\n')
    (problem,) = problems(folder)
    assert str(problem) == (
        "trial.toml: in_force.2,0: no protocol of this version; read '2,0'; expected '2.0', the nearest one"
    )
    make(protocol__2_toml="id = 3\n")
    assert not [p for p in problems(folder) if p.where.startswith("trial.toml")]


@pytest.mark.parametrize("name", ["Visits.csv", "SUBJECTS.CSV", "Trial.toml", "Clinic.TOML", "Events.jsonl"])
def test_a_name_in_capital_letters_is_not_passed_over(make: Make, name: str) -> None:
    """What one system takes for `visits.csv` another does not see: the records would be lost in silence."""
    folder = make()
    (folder / name).write_text(HEADER)
    (problem,) = problems(folder)
    assert (problem.where, problem.expected) == (name, repr(name.lower()))


def test_every_protocol_is_seen(make: Make) -> None:
    """Any ending of the name and any case: a version that is not read would judge nothing."""
    folder = make(protocol_toml=None)
    for name, protocol in (("Protocol v1.TOML", ONE), ("protocol-2 (copy).toml", TWO)):
        (folder / name).write_text(documents.dumps(protocol))
    (folder / "old-protocol.toml").write_text("not read")
    assert load_trial(folder).protocols == (ONE, TWO)


@pytest.mark.parametrize("name", ["protocol-2.toml", "trial.toml", "clinic.toml", "visits.csv", "subjects.csv"])
def test_a_folder_where_a_file_is_meant(make: Make, name: str) -> None:
    """It is a problem of its name."""
    folder = make(subjects_csv=None if name == "subjects.csv" else SUBJECTS)
    (folder / name).mkdir()
    assert [(problem.where, problem.message) for problem in problems(folder)] == [(name, "is a folder")]


def test_a_name_that_is_no_file_is_told_with_the_others(make: Make) -> None:
    """A pipe, which nobody may ever write to, is not waited for, and a link that leads nowhere hides no other fault."""
    folder = make()
    os.mkfifo(folder / "visits.csv")
    (folder / "protocol-2.toml").symlink_to("gone.toml")
    (folder / "trial.toml").write_text("schema = 1\n")
    (folder / "clinic.toml").symlink_to("clinic.toml")
    assert [(problem.where, problem.message) for problem in problems(folder)] == [
        ("protocol-2.toml", "is a link that leads nowhere"),
        ("trial.toml: schema", "not a document that this version reads"),
        ("clinic.toml", "is a link that leads nowhere"),
        ("visits.csv", "is no file"),
    ]


def test_a_folder_that_is_none(make: Make, tmp_path: Path) -> None:
    """As the system says it: not there, or a file."""
    make()
    with pytest.raises(FileNotFoundError):
        load_trial(tmp_path / "gone")
    with pytest.raises(NotADirectoryError):
        load_trial(tmp_path / "subjects.csv")
    with pytest.raises(ts.InvalidValueError):
        load_trial("a\0b")


def test_a_document_is_read_to_its_bound(make: Make) -> None:
    """1 MB and no more."""
    folder = make(trial_toml=TRIAL + "#" * (documents.MAX_BYTES - len(TRIAL)))
    assert load_trial(folder).date_format is None
    make(trial_toml=TRIAL + "#" * (documents.MAX_BYTES - len(TRIAL) + 1))
    assert [problem.where for problem in problems(folder)] == ["trial.toml"]


def test_the_form_of_dates_is_declared_once(make: Make) -> None:
    """In `trial.toml` or by the caller; the same twice is no contradiction, another is, and a form that is none."""
    german = {"subjects_csv": "subject,baseline\nP1,2.3.2026\n"}
    folder = make(**german)
    assert [problem.where for problem in load_trial(folder).problems] == ["subjects.csv line 2: baseline"]
    trial = load_trial(folder, dates="DD.MM.YYYY")
    assert (trial.date_format, trial.subjects[0].baseline) == ("dd.mm.yyyy", date(2026, 3, 2))
    make(trial_toml=f'{TRIAL}date_format = "DD.MM.yyyy"\n')
    assert load_trial(folder).date_format == load_trial(folder, dates="dd.mm.yyyy").date_format == "dd.mm.yyyy"
    (problem,) = problems(folder, "mm/dd/yyyy")
    assert (problem.where, problem.read, problem.expected) == ("trial.toml: date_format", "dd.mm.yyyy", "mm/dd/yyyy")
    assert [problem.where for problem in problems(folder, "dd.mm")] == ["dates"]
    make(trial_toml=f'{TRIAL}date_format = "dd.mm"\n')
    assert [problem.where for problem in problems(folder, "dd.m")] == ["trial.toml: date_format", "dates"]
    assert [problem.where for problem in problems(folder, "mm/dd/yyyy")] == ["trial.toml: date_format"]
    make(trial_toml=f'{TRIAL}date_format = "yyyy-mm-dd"\n')
    assert [problem.where for problem in problems(folder, "dd.m")] == ["dates"]


def test_lists_are_not_judged_by_a_form_that_is_not_known(make: Make) -> None:
    """A `trial.toml` that cannot be read may declare one: only headers are looked at."""
    folder = make(trial_toml='date_format = "dd.mm.yyyy"\n', subjects_csv="subject,baseline\nP1,2.3.2026\n")
    assert [problem.where for problem in problems(folder)] == ["trial.toml: schema"]
    make(visits_csv="subject,vist\n")
    assert [problem.where for problem in problems(folder)] == ["trial.toml: schema", "visits.csv line 1"]


def test_bad_rows_leave_out_whom_they_concern(make: Make) -> None:
    """They are no error: a subject with a bad row is left out, which is said, and the others are there."""
    folder = make(
        subjects_csv=f"{SUBJECTS}P3,soon\nP4,2026-03-16\n",
        visits_csv=f"{HEADER}P9,D0,,,2026-03-04,\nP1,D0,,,4.3.2026,\nP2,D0,,,2026-03-09,\np4,D0,,,2026-03-16,\n",
    )
    trial = load_trial(folder)
    assert [subject.code for subject in trial.subjects] == ["P2"]
    assert [problem.where for problem in trial.problems] == [
        "visits.csv line 3: attended",
        "subjects.csv line 2",
        "subjects.csv line 4: baseline",
        "visits.csv line 5: subject",
        "subjects.csv line 5",
        "visits.csv line 2: subject",
    ]
    assert str(trial.problems[1]) == (
        "subjects.csv line 2: P1 is left out: its dates may rest on what its bad rows of visits.csv mean"
    )
    assert str(trial.problems[3]) == "visits.csv line 5: subject: no subject 'p4' in subjects.csv; expected 'P4'"
    assert str(trial.problems[5]) == (
        "visits.csv line 2: subject: no subject 'P9' in subjects.csv; expected 'P4', the nearest one"
    )


def test_a_row_that_may_be_anybodys_leaves_nobody(make: Make) -> None:
    """Nobody's dates are sure without it."""
    trial = load_trial(make(visits_csv=f"{HEADER},D0,,,2026-03-04,\nP1,D0,,,soon,\n"))
    assert (trial.subjects, trial.listed.stopped) == ((), True)
    assert [problem.where for problem in trial.problems] == [
        "visits.csv line 2: subject",
        "visits.csv line 3: attended",
        "visits.csv",
    ]


def test_what_leaves_nobody_comes_behind_the_faults_of_the_list(make: Make) -> None:
    """Those in the order of their lines, whatever they are."""
    folder = make(subjects_csv="subject,baseline\nP1,1826-03-02\nP2,soon\n", visits_csv=f"{HEADER},D0,,,2026-03-04,\n")
    assert [problem.where for problem in load_trial(folder, years=range(1900, 2200)).problems] == [
        "subjects.csv line 2: baseline",
        "subjects.csv line 3: baseline",
        "visits.csv line 2: subject",
        "visits.csv",
    ]


def test_years_are_looked_at_when_asked(make: Make) -> None:
    """The library takes any year; a caller may say which are no typing errors, ends included."""
    rows = "P1,D0,,,0202-03-04,\nP2,W4,1899-04-06,,,\nP3,W4,1900-01-01,,2199,\n"
    folder = make(subjects_csv=f"{SUBJECTS}P3,2026-03-16\nP4,2200-01-01\n", visits_csv=HEADER + rows)
    assert len(load_trial(folder).subjects) == 4
    trial = load_trial(folder, years=range(1900, 2200))
    assert [subject.code for subject in trial.subjects] == ["P3"]
    assert [problem.where for problem in trial.problems] == [
        "visits.csv line 2: attended",
        "subjects.csv line 2",
        "visits.csv line 3: booked",
        "subjects.csv line 3",
        "subjects.csv line 5: baseline",
    ]
    make(subjects_csv="subject,baseline,ended\nP1,2026-03-02,2206-03-02\n", visits_csv=HEADER)
    assert [p.where for p in load_trial(folder, years=range(1900, 2200)).problems] == ["subjects.csv line 2: ended"]
    assert str(trial.problems[4]) == (
        "subjects.csv line 5: baseline: read 2200-01-01: a year before 1900 or after 2199 is taken for a typing error"
    )


def test_years_in_force_are_looked_at_too(make: Make) -> None:
    """Version 2 of the year 26 would judge every visit there is, in silence; the dates of documents and the site's."""
    folder = make(protocol__2_toml=documents.dumps(version("where", date(202, 5, 1))))
    make(trial_toml=f"{TRIAL}[in_force]\n1 = 0026-05-15\n", visits_csv=f"{HEADER}P1,D0,,,soon,\n")
    assert [protocol.version for protocol in load_trial(folder).protocols] == ["1", "where"]
    with pytest.raises(TrialError) as caught:
        load_trial(folder, years=range(1900, 2200))
    told = "a year before 1900 or after 2199 is taken for a typing error"
    assert [str(problem) for problem in caught.value.problems[:2]] == [
        f"protocol-2.toml: in_force: read 0202-05-01: {told}",
        f"trial.toml: in_force.1: read 0026-05-15: {told}",
    ]
    assert [problem.where for problem in caught.value.problems[2:]] == [
        "visits.csv line 2: attended",
        "subjects.csv line 2",
    ]
    make(protocol__2_toml=documents.dumps(version("where", date(2199, 12, 31))))
    make(trial_toml=f"{TRIAL}[in_force]\nwhere = 1900-01-01\n")
    assert load_trial(folder, years=range(1900, 2200)).in_force == {"where": date(1900, 1, 1)}


def test_subjects_that_have_their_records_inside_keep_them() -> None:
    """As those of a JSON list do; their days are looked at too, at their places."""
    subject = ts.Subject("P1", baseline=date(2026, 3, 2)).attended("D0", date(1826, 3, 2))
    found = listed(SubjectList((SubjectRow(3, subject),), ()), None, ("s.json", ""), place="subjects[{}].")
    assert (found.rows, found.faults) == ((SubjectRow(3, subject),), ())
    years = range(1900, 2200)
    found = listed(SubjectList((SubjectRow(3, subject),), ()), None, ("s.json", ""), years=years, place="subjects[{}].")
    assert found.rows == ()
    assert [(line, problem.where) for line, problem in found.faults] == [(3, "s.json subjects[3].records[0].attended")]


def test_records_are_taken_one_at_a_time() -> None:
    """The rows of a long file are given by a generator, and only the subjects' records are kept."""
    alive: set[int] = set()

    class Row(RecordRow):
        def __del__(self) -> None:
            alive.discard(self.line)

    most = 0

    def rows() -> object:
        nonlocal most
        for line in range(2, 1002):
            alive.add(line)
            most = max(most, len(alive))
            yield Row(line, "P1", ts.VisitRecord("D0"))

    subjects = SubjectList((SubjectRow(2, ts.Subject("P1")),), (), frozenset({"P1"}))
    (row,) = listed(subjects, rows()).rows  # type: ignore[arg-type]
    assert len(row.subject.records) == 1000
    assert most <= 2
