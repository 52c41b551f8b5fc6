"""What planning commands share: what they work on, and where their output goes."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import trialsched as ts
from tests.support.shell import trialsched
from trialsched.cli.inputs import BadInput, Inputs, in_folder
from trialsched.cli.planning import (
    Gathered,
    Versioned,
    as_of_day,
    check_output,
    count,
    day_of,
    gather,
    plans_of,
    reports_of,
    say,
    versions_of,
)
from trialsched.formats import documents


@pytest.mark.parametrize(("number", "words"), [(0, "0 visits"), (1, "1 visit"), (17, "17 visits")])
def test_a_number_with_its_word(number: int, words: str) -> None:
    """One has no s."""
    assert count(number, "visit") == words


@pytest.mark.parametrize("name", ["", "folder/", f"folder{os.sep}"])
def test_an_output_names_a_file(name: str) -> None:
    """Nothing, or the name of a folder, is a fault; none given is none."""
    faults: list[str] = []
    check_output(name, faults)
    assert faults == [f"--output: read {name!r}, expected the name of a file"]
    check_output(None, faults)
    check_output("plan.csv", faults)
    assert len(faults) == 1


def test_an_output_is_nothing_that_a_trial_is_read_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list, document or journal would be lost, or made what is none; elsewhere such a name is a name."""
    monkeypatch.chdir(tmp_path)
    for folder in ("trial", "elsewhere"):
        (tmp_path / folder).mkdir()
        for name in ("visits.csv", "events.jsonl", "other.csv"):
            (tmp_path / folder / name).touch()
    (tmp_path / "trial" / "protocol-1.toml").touch()
    (tmp_path / "link.csv").symlink_to(tmp_path / "trial" / "visits.csv")
    faults: list[str] = []
    named = ("visits.csv", "Visits.CSV", "subjects.csv", "events.jsonl", "protocol-1.toml", "protocol-2.toml")
    there = [*(f"trial/{name}" for name in named), "link.csv"]
    for name in there:
        check_output(name, faults)
    assert faults == [
        f"--output: {name} is what the trial's folder is read from; expected another name" for name in there
    ]
    for name in ("trial/other.csv", "elsewhere/visits.csv", "elsewhere/protocol.toml", "gone/events.jsonl", "-"):
        check_output(name, faults)
    check_output("trial/protocol-2.toml", faults, document=True)  # a new version
    assert len(faults) == len(there)


def test_faults_of_rows_are_said_in_the_order_of_their_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 where there is any, or the worse one."""
    assert say([]) == 0
    assert say([], 3) == 3
    assert say([(5, "line 5"), (2, "line 2")]) == 2
    assert say([(5, "line 5")], 3) == 3
    assert capsys.readouterr().err == "error: line 2\nerror: line 5\nerror: line 5\n"


def protocol(number: str, in_force: date | None = None) -> ts.Protocol:
    """Return a version of a small protocol with arms: A is 30 days after D0 by version 1, 60 by version 2."""
    visits = [ts.Visit("D0", "on-site", ts.Timing(window="±7 days"))]
    visits.append(ts.Visit("A", "phone", ts.Timing(f"{30 * int(number)} days after D0", window="±3 days")))
    visits.append(ts.Visit("B", "phone", "90 days after D0", arms=["X"]))
    arms = ("X", "Y") if number == "1" else ("X",)
    return ts.Protocol("demo", number, "D0", visits, arms=arms, meta=ts.Meta(in_force=in_force))


ONE, TWO = protocol("1"), protocol("2", date(2026, 5, 1))
SITE = 'schema = "trialsched/trial/1"\n[in_force]\n2 = 2026-05-15\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a trial's folder of two versions, whose second is in force later at this site."""
    path = tmp_path / "trial"
    path.mkdir()
    for name, version in (("protocol-2.toml", TWO), ("protocol-a.toml", ONE)):
        (path / name).write_text(documents.dumps(version), "utf-8")
    (path / "trial.toml").write_text(SITE)
    (path / "subjects.csv").write_text("subject,baseline,arm\nP1,2026-03-02,X\nP2,2026-03-09,Y\nP3,soon,X\n")
    (path / "visits.csv").write_text("subject,visit,attended\nP1,D0,2026-03-04\n")
    return path


def versions_in(path: Path) -> Inputs:
    """Return the two versions as `--protocol` names them, the newer first."""
    return Inputs(protocol=(str(path / "protocol-2.toml"), str(path / "protocol-a.toml")))


def test_what_a_folder_gives(folder: Path) -> None:
    """The versions in order, the site's dates, a plan for each version of each good subject, the bad rows."""
    found = gather(in_folder(Inputs(), str(folder)), [])
    assert found.protocols == (ONE, TWO)
    assert found.in_force == {"2": date(2026, 5, 15)}
    subject = ts.Subject("P1", baseline=date(2026, 3, 2), arm="X").attended("D0", date(2026, 3, 4))
    plans = (ts.schedule(ONE, subject), ts.schedule(TWO, subject))
    assert found.subjects == [Versioned(2, "subjects.csv line 2", plans)]
    assert sorted(line for line, _ in found.bad) == [3, 4]
    assert "subjects.csv line 3: arm: the protocol has no arm 'Y'; its arms: X" in [fault for _, fault in found.bad]
    assert found.trial is not None
    assert found.trial.folder == folder


def test_a_plan_by_the_version_in_force(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On the day asked about, by the site's date, which is said; that another version has no such arm is no fault."""
    for day, chosen, rest in (("2026-05-14", ONE, ["P1", "P2"]), ("2026-05-15", TWO, ["P1"])):
        found, plans, bad = plans_of(in_folder(Inputs(), str(folder)), [], day)
        assert found == chosen
        assert [planned.plan.subject.code for planned in plans] == rest
        assert all(planned.plan.protocol == chosen for planned in plans)
        assert [line for line, _ in bad if line == 3] == ([3] if chosen is TWO else [])
    assert capsys.readouterr().err.splitlines() == [
        "protocol: demo 1 (as of 2026-05-14; there are 1, 2)",
        "protocol: demo 2, in force from 2026-05-15 (as of 2026-05-15; there are 1, 2)",
    ]


def test_the_version_in_force_today(folder: Path) -> None:
    """Without a day asked about."""
    today = datetime.now(UTC).astimezone().date()
    for start, chosen in ((today, TWO), (today + timedelta(days=2), ONE)):
        (folder / "trial.toml").write_text(SITE.replace("2026-05-15", start.isoformat()))
        assert plans_of(in_folder(Inputs(), str(folder)), [])[0] == chosen


@pytest.mark.parametrize("typed", [Inputs(), Inputs(as_registered=True), Inputs(dates="dd.mm.yyyy")])
def test_a_trials_folder_that_was_not_named_is_pointed_at(
    folder: Path, typed: Inputs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is planned by the bundled protocol where the folder that one stands in is a trial's."""
    said = (
        "this folder is a trial's, with protocol-2.toml and subjects.csv: "
        "give it as an argument, `trialsched COMMAND .`"
    )
    monkeypatch.chdir(folder)
    for ask in (plans_of, gather):
        with pytest.raises(BadInput) as caught:
            ask(typed, ["before"])
        assert caught.value.lines == [
            "before",
            f"--baseline is missing, or the folder of a trial; {said}",
        ]
    assert capsys.readouterr().err == ""


def test_a_folder_that_is_no_trials_is_not_pointed_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without subjects or without a protocol it is none; and with an input it is not what was meant."""
    monkeypatch.chdir(folder)
    for typed in (Inputs(subject="P1"), Inputs(subjects="subjects.csv", arm="X")):
        with pytest.raises(BadInput) as caught:
            gather(typed, [])
        assert "trial" not in str(caught.value)
    (folder / "subjects.csv").rename(folder / "people.csv")
    empty = folder / "empty"
    empty.mkdir()
    (empty / "subjects.csv").write_text("subject,baseline\n")
    for place in (folder, empty):
        monkeypatch.chdir(place)
        with pytest.raises(BadInput, match=r"^--baseline is missing: the planned day 0"):
            gather(Inputs(), [])

    whole = Path.iterdir

    def closed(path: Path) -> Iterator[Path]:
        if path == Path():
            raise PermissionError
        return whole(path)

    monkeypatch.setattr(Path, "iterdir", closed)
    with pytest.raises(BadInput, match=r"^--baseline is missing: the planned day 0"):
        gather(Inputs(), [])


@pytest.mark.parametrize("command", ["plan", "check", "worklist", "adherence", "deviations", "changes", "ics"])
def test_every_command_names_itself_to_who_forgot_the_folder(folder: Path, command: str) -> None:
    """What is to be typed stands in the message."""
    result = trialsched(command, cwd=folder)
    assert result.code == 2
    assert f"`trialsched {command} .`" in result.err
    assert "bundled" not in result.err


def test_one_version_is_not_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to choose, whatever the day, also before it comes into force."""
    (tmp_path / "p.toml").write_text(documents.dumps(TWO), "utf-8")
    typed = Inputs(protocol=(str(tmp_path / "p.toml"),), baseline="2026-03-02", arm="X")
    assert plans_of(typed, [], "2020-01-01")[0] == TWO
    assert capsys.readouterr().err == ""


def test_a_protocol_by_its_versions(folder: Path) -> None:
    """`--protocol` may be repeated: one id, different versions and dates, in any order."""
    typed = replace(versions_in(folder), baseline="2026-03-02", arm="X", missed=("A",))
    found = gather(typed, [])
    assert (found.protocols, found.in_force, found.trial, found.bad) == ((ONE, TWO), {}, None, [])
    (one,) = found.subjects
    assert (one.line, one.place) == (0, "")
    assert [plan["A"].target for plan in one.plans] == [date(2026, 4, 1), date(2026, 5, 1)]
    assert [version.meta.variant for version in versions_of(replace(typed, as_registered=True), []).protocols] == [
        "as-registered",
        "as-registered",
    ]


def test_what_is_assumed_is_left_out_of_every_version(folder: Path) -> None:
    """Of a folder as of protocols that are named."""
    typed = replace(in_folder(Inputs(), str(folder)), as_registered=True)
    assert versions_of(typed, []).protocols == (ONE.as_registered(), TWO.as_registered())
    assert plans_of(typed, [], "2026-05-14")[0] == ONE.as_registered()


def test_one_subject_by_the_version_in_force(folder: Path) -> None:
    """A visit of any version may have happened, an arm is one of the version that is followed."""
    old = ts.Protocol("demo", "0", "D0", [ts.Visit("D0", "on-site"), ts.Visit("OLD", "phone", "1 day after D0")])
    (folder / "protocol-0.toml").write_text(documents.dumps(old), "utf-8")
    (folder / "protocol-a.toml").unlink()
    typed = Inputs(protocol=tuple(map(str, folder.glob("protocol*.toml"))), baseline="2026-03-02", missed=("OLD",))
    _, (planned,), _ = plans_of(typed, [], "2026-05-01")
    assert planned.plan.protocol == TWO
    assert [record.visit for record in planned.plan.other_records] == ["OLD"]
    assert plans_of(replace(typed, arm="X"), [], "2026-05-01")[1][0].plan["B"].target == date(2026, 5, 31)
    with pytest.raises(BadInput) as caught:
        plans_of(replace(typed, arm="X"), [], "2026-04-30")
    assert caught.value.lines == ["--arm: the protocol of version 0 has no arm 'X'; its arms: none"]


@pytest.mark.parametrize("names", [("alstem", "alsten"), ("alstem", "cycles"), ("alstem", "alstem")])
def test_each_fault_of_protocols_is_enough(names: tuple[str, str]) -> None:
    """One that is not there, one of another trial, one named twice."""
    with pytest.raises(BadInput) as caught:
        versions_of(Inputs(protocol=names), [])
    assert len(caught.value.lines) == 1


def test_protocols_that_are_no_versions(folder: Path, tmp_path: Path) -> None:
    """Everything wrong with them is said at once, with the faults found before."""
    (tmp_path / "bad.toml").write_text("id = 3\n")
    names = ("alstem", str(folder / "protocol-2.toml"), "alstem", "alsten", str(tmp_path / "bad.toml"))
    with pytest.raises(BadInput) as caught:
        versions_of(Inputs(protocol=names), ["first"])
    lines = caught.value.lines
    assert lines[:2] == ["first", lines[1]]
    assert lines[1].startswith("--protocol alsten: ")
    assert sum("bad.toml: " in line for line in lines) > 1
    assert lines[-2] == (
        f"--protocol {folder / 'protocol-2.toml'}: id: another protocol than alstem: versions of one are meant; "
        "read 'demo'; expected 'alstem'"
    )
    assert lines[-1].startswith("--protocol alstem: version: the same version as alstem")


def test_arms_that_were_not_chosen_are_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A plan without an arm has only what is common to all."""
    gather(replace(versions_in(folder), baseline="2026-03-02"), [])
    assert capsys.readouterr().err == "note: without --arm only the visits common to all arms (X, Y) are planned\n"


def test_subjects_of_a_list_without_an_arm_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They miss the visits of the arms, which nobody would see; of many the first ten and how many more."""
    rows = "".join(f"P{n:02},2026-03-02,\n" for n in range(13))
    (tmp_path / "s.csv").write_text(f"subject,baseline,arm\nA1,2026-03-02,A\n{rows}")
    typed = Inputs(protocol=("cycles",), subjects=str(tmp_path / "s.csv"))
    assert [len(one.plans[0].rows) for one in gather(typed, []).subjects][:2] == [12, 4]
    codes = ", ".join(f"P{n:02}" for n in range(10))
    words = "only the visits common to all arms (A, B) are planned of subjects without an arm"
    assert capsys.readouterr().err == f"note: {words}: {codes} and 3 more\n"
    (tmp_path / "s.csv").write_text("subject,baseline,arm\nA1,2026-03-02,A\nP1,2026-03-02,\n")
    gather(typed, [])
    assert capsys.readouterr().err == f"note: {words}: P1\n"
    (tmp_path / "s.csv").write_text("subject,baseline,arm\nA1,2026-03-02,A\n")
    gather(typed, [])
    assert capsys.readouterr().err == ""


def test_faults_of_the_command_stop_it(folder: Path) -> None:
    """What was found before is told with what is found here."""
    (folder / "subjects.csv").write_text("subject,start\n")
    for make in (gather, plans_of):
        with pytest.raises(BadInput) as caught:
            make(in_folder(Inputs(), str(folder)), ["first"])
        assert caught.value.lines[0] == "first"
        assert "subjects.csv line 1" in caught.value.lines[1]
    (folder / "subjects.csv").write_text("subject,baseline\n")
    (folder / "visits.csv").unlink()
    with pytest.raises(BadInput) as caught:
        gather(in_folder(Inputs(), str(folder)), [])
    assert caught.value.lines == ["subjects.csv: no subjects under the header"]
    with pytest.raises(BadInput) as caught:
        plans_of(replace(versions_in(folder), baseline="2026-03-02"), [], "soon")
    assert caught.value.lines[0].startswith("--as-of: read 'soon'")


def test_reports_of_what_was_gathered(folder: Path) -> None:
    """One `check` for each subject, by all versions, with the site's date."""
    found = gather(in_folder(Inputs(), str(folder)), [])
    (report,) = reports_of(found, date(2026, 5, 14))
    assert report == ts.check(found.subjects[0].plans, date(2026, 5, 14), in_force={"2": date(2026, 5, 15)})
    assert report.plan.protocol == ONE
    assert reports_of(found, date(2026, 5, 15))[0].plan.protocol == TWO


def test_a_subject_that_cannot_be_checked_is_a_bad_row() -> None:
    """Its place is said, and the others have their reports."""
    plans = [ts.schedule(ONE, ts.Subject(code, baseline=date(2026, 3, 2))) for code in ("P1", "P2")]
    subjects = [Versioned(2, "s.csv line 2", (plans[0], plans[1])), Versioned(3, "s.csv line 3", (plans[1],))]
    found = Gathered((ONE,), {}, [*subjects, Versioned(0, "", ())], [], None)
    assert [report.subject.code for report in reports_of(found, date(2026, 5, 1))] == ["P2"]
    assert [line for line, _ in found.bad] == [2, 0]
    assert found.bad[0][1].startswith("s.csv line 2: plans[1]: ")
    assert found.bad[1][1].startswith("plans: no plan")


def test_days_of_options() -> None:
    """A day, nothing, or a fault; today is that of the machine."""
    faults: list[str] = []
    assert day_of("--from", None, faults) is None
    assert day_of("--from", "2026-07-01", faults) == as_of_day("2026-07-01", faults) == date(2026, 7, 1)
    assert faults == []
    before = datetime.now(UTC).astimezone().date()
    assert before <= as_of_day(None, faults) <= datetime.now(UTC).astimezone().date()
    as_of_day("1.7.2026", faults)
    day_of("--to", "2206-07-01", faults)
    assert [fault.partition(":")[0] for fault in faults] == ["--as-of", "--to"]
