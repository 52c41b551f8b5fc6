"""Reviewing a trial on the command line: what is next, who kept which window, the deviation log."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.shell import Result, trialsched
from trialsched.cli import main
from trialsched.formats.deviations import DeviationLog, merge

PROTOCOL = """
schema = "trialsched/protocol/1"
id = "demo"
version = "1"
anchor = "V1"
[[visits]]
code = "V1"
mode = "on-site"
window = "±3 days"
[[visits]]
code = "V2"
mode = "on-site"
when = "10 days after V1"
window = "±2 days"
[[visits]]
code = "P3"
mode = "phone"
when = "22 days after V1"
assumed_window = "±7 days"
"""
# By hand, day zero being 2 March 2026: V2 12 March, 10 to 14; P3 (assumed) 24 March, 17 to 31.
SUBJECTS = "subject,baseline\nS1,2026-03-02\nS2,2026-03-02\n"
RECORDS = """subject,visit,booked,attended,outcome
S1,V1,,2026-03-02,
S1,V2,,2026-03-16,
S2,V1,,2026-03-02,
S2,V2,2026-03-13,,
"""
LATE = "S1,V2,1,2026-03-12,2026-03-10..2026-03-14,2026-03-16,2,late,deviation,,2026-03-16,"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Return a function that runs a command in a folder that has the trial `t`: many are run, so in this process."""
    folder = tmp_path / "t"
    folder.mkdir()
    (folder / "protocol.toml").write_text(PROTOCOL, "utf-8")
    (folder / "subjects.csv").write_text(SUBJECTS)
    (folder / "visits.csv").write_text(RECORDS)
    monkeypatch.chdir(tmp_path)

    def here(*arguments: str) -> Result:
        code = main(arguments)
        said = capfdbinary.readouterr()
        return Result(code, said.out, said.err.decode())

    return here


def rows(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    """Return the rows of a log."""
    text = path.read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def visits(folder: Path, text: str) -> None:
    """Write other records into the trial."""
    (folder / "t" / "visits.csv").write_text(text)


# The worklist.


def test_the_worklist_of_a_trial(run: Run) -> None:
    """A table by default; the period begins on the day asked for and has 14 days."""
    result = run("worklist", "t", "--as-of", "2026-03-12")
    assert (result.code, result.err) == (0, "")
    words = result.out.split()
    assert result.out.startswith("From 2026-03-12 to 2026-03-25: 3 to do\nOn site: 1\n")
    assert "\nBy phone: 2\n" in result.out
    assert [word for word in words if word in {"S1", "S2", "V2", "P3"}] == ["S2", "V2", "S1", "P3", "S2", "P3"]
    assert "booked for 2026-03-13: confirm" in result.out


@pytest.mark.parametrize(
    ("options", "first", "last", "found"),
    [
        ((), "2026-03-03", "2026-03-16", ["V2"]),
        (("--from", "2026-03-15"), "2026-03-15", "2026-03-28", ["P3", "P3"]),
        (("--to", "2026-03-17"), "2026-03-03", "2026-03-17", ["V2", "P3", "P3"]),
        (("--from", "2026-03-15", "--to", "2026-03-15"), "2026-03-15", "2026-03-15", []),
    ],
)
def test_the_period_is_asked_for(run: Run, options: tuple[str, ...], first: str, last: str, found: list[str]) -> None:
    """Both ends included; an end that is not said is 13 days after the first day."""
    result = run("worklist", "t", "--as-of", "2026-03-03", *options, "--format", "json")
    document = json.loads(result.out)
    assert (document["schema"], document["first"], document["last"]) == ("trialsched/worklist/1", first, last)
    assert [item["visit"] for item in document["items"]] == found


def test_the_worklist_goes_to_files_that_trialsched_replaces(run: Run, tmp_path: Path) -> None:
    """Every format is known as ours; for Excel in its way."""
    day = ("--as-of", "2026-03-12")
    for form in ("json", "csv", "markdown", "table"):
        for _ in range(2):
            result = run("worklist", "t", *day, "--format", form, "-o", f"w.{form}")
            assert (result.code, result.out) == (0, "")
    assert run("worklist", "t", *day, "--format", "csv", "--excel", "-o", "w.csv").code == 0
    assert (tmp_path / "w.csv").read_bytes().startswith("\ufeffsubject;visit;mode_planned;".encode())
    assert run("worklist", "t", *day, "--format", "csv", "-o", "w.csv").code == 0
    assert (tmp_path / "w.markdown").read_text("utf-8").startswith("# From 2026-03-12 to 2026-03-25\n")


@pytest.mark.parametrize("command", ["worklist", "adherence", "deviations"])
def test_a_table_goes_to_its_file_on_a_terminal_too(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """And to the terminal, as wide as it is, when there is no file."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    day = ("--as-of", "2026-03-20", "--format", "table")
    assert run(command, "t", *day, "-o", "table.txt").out == ""
    assert "S1" in (tmp_path / "table.txt").read_text("utf-8")
    monkeypatch.setenv("COLUMNS", "80")
    shown = re.sub(r"\x1b\[[0-9;]*m", "", run(command, "t", *day).out)
    assert re.search(r"^ S1 +", shown, re.MULTILINE)
    assert max(len(line) for line in shown.splitlines() if line.startswith(" ")) <= 80


@pytest.mark.parametrize("command", ["worklist", "adherence", "deviations"])
def test_one_subject_or_lists_do_as_well(run: Run, command: str) -> None:
    """The inputs are those of every command."""
    day = ("--as-of", "2026-03-20")
    lists = ("--protocol", "t/protocol.toml", "--subjects", "t/subjects.csv", "--records", "t/visits.csv")
    assert run(command, *lists, *day).out == run(command, "t", *day).out
    one = run(command, "--protocol", "alstem", "--baseline", "2026-03-02", "--subject", "S9", *day, "--format", "json")
    document = json.loads(one.out)
    assert document["schema"] == f"trialsched/{command}/1"
    assert document["protocols"][0]["id"] == "alstem"


@pytest.mark.parametrize("command", ["worklist", "adherence", "deviations"])
def test_bad_rows_are_told_and_the_good_ones_done(run: Run, tmp_path: Path, command: str) -> None:
    """Exit code 2; with no good row at all there is nothing to show."""
    (tmp_path / "t" / "subjects.csv").write_text("subject,baseline\nS1,2026-03-02\nS2,never\n")
    result = run(command, "t", "--as-of", "2026-03-20")
    assert result.code == 2
    assert "S1" in result.out
    assert "subjects.csv line 3: baseline" in result.err
    (tmp_path / "t" / "subjects.csv").write_text("subject,baseline\nS1,ever\nS2,never\n")
    for more in ((), ("-o", "out.csv"), ("--format", "csv"), ("--format", "json")):
        nothing = run(command, "t", "--as-of", "2026-03-20", *more)
        assert (nothing.code, nothing.out) == (2, "")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "faults"),
    [
        (("worklist", "t", "--from", "2026-03-12", "--to", "2026-03-11"), ["--to: 2026-03-11 is before 2026-03-12"]),
        (("worklist", "t", "--from", "soon", "--to", "x", "--as-of", "y"), ["--from: ", "--to: ", "--as-of: "]),
        (("worklist", "t", "--excel"), ["--excel needs --format csv"]),
        (("worklist", "t", "-o", ""), ["--output: read ''"]),
        (("adherence", "t", "--rates", "--excel"), ["--rates needs --format csv", "--excel needs --format csv"]),
        (("adherence", "t", "--as-of", "y", "-o", "x/"), ["--as-of: ", "--output: read 'x/'"]),
        (("deviations", "t", "--excel"), ["--excel needs --format csv"]),
        (("deviations", "t", "--excel", "-o", "-"), ["--excel needs --format csv"]),
        (("deviations", "t", "--as-of", "y", "-o", "x/"), ["--as-of: ", "--output: read 'x/'"]),
    ],
)
def test_bad_options_are_told_all_at_once(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], faults: list[str]
) -> None:
    """Exit code 2, nothing shown and nothing written."""
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    for fault in faults:
        assert f"error: {fault}" in result.err
    assert result.err.count("error: ") == len(faults)
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


# Adherence.


def test_adherence_of_a_trial(run: Run) -> None:
    """S1's V2 is out, S2's has lapsed: one of two is done, none in its window."""
    result = run("adherence", "t", "--as-of", "2026-03-20")
    assert (result.code, result.err) == (0, "")
    lines = [line.split() for line in result.out.splitlines()]
    assert ["S1", "in", "out", "due~"] in lines
    assert ["S2", "in", "lapsed", "due~"] in lines
    told = [" ".join(line) for line in lines]
    assert "protocol V2 2 0/2 0.0 % 0 1/2 50.0 % 0 0/2 0.0 % 1/2 50.0 %" in told
    assert "assumed all visits 0 none expected 0 none expected 0 none expected none expected" in told


def test_adherence_goes_to_files_that_trialsched_replaces(run: Run, tmp_path: Path) -> None:
    """The table and the rates as CSV, each over the other; somebody else's file stays."""
    day = ("--as-of", "2026-03-20")
    for more in ((), (), ("--rates",), ("--excel",), ("--rates", "--excel"), ()):
        result = run("adherence", "t", *day, "--format", "csv", *more, "-o", "a.csv")
        assert (result.code, result.out, result.err) == (0, "", "")
    assert (tmp_path / "a.csv").read_text().startswith("subject,V1,V2,P3,as_of,")
    (tmp_path / "a.csv").write_text("subject,V1\n")
    refused = run("adherence", "t", *day, "--format", "csv", "-o", "a.csv")
    assert (refused.code, "a.csv: exists" in refused.err) == (2, True)
    (tmp_path / "a.csv").write_text("")
    assert run("adherence", "t", *day, "--format", "csv", "-o", "a.csv").code == 2
    assert run("adherence", "t", *day, "--format", "csv", "-o", "a.csv", "--force").code == 0
    for _ in range(2):
        assert run("adherence", "t", *day, "--format", "json", "-o", "a.json").code == 0
    assert run("adherence", "t", *day, "--format", "markdown").out.startswith("# Subjects by visits\n")
    rates = run("adherence", "t", *day, "--format", "csv", "--rates").out
    assert rates.splitlines()[1].startswith("protocol,all visits,4,2,0,3,0,0,1,50.0,75.0,0.0,25.0,2026-03-20,demo,1,,")


# The deviation log.


def log(run: Run, *more: str, as_of: str = "2026-03-20") -> Result:
    """Make the log."""
    return run("deviations", "t", "--as-of", as_of, "-o", "log.csv", *more)


def test_the_log_is_made_and_made_again(run: Run, tmp_path: Path) -> None:
    """S1's late V2 is a deviation, S2's lapsed one a note; made again, nothing changes and nothing is touched."""
    first = log(run)
    path = tmp_path / "log.csv"
    assert first.out == "log.csv: 2 rows (2 new), 1 deviation to be filled in; as of 2026-03-20\n"
    assert (first.code, first.err) == (0, "")
    assert path.read_text().splitlines()[1].startswith(LATE)
    before = path.stat()
    again = log(run)
    assert again.out == "log.csv: unchanged; 2 rows (2 found again), 1 deviation to be filled in; as of 2026-03-20\n"
    after = path.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_what_people_wrote_is_never_lost(run: Run, tmp_path: Path) -> None:
    """Filled in with a column and a row of people's own; found no longer, and found again."""
    log(run)
    path = tmp_path / "log.csv"
    head, late, lapsed = path.read_text().splitlines()
    late = late.replace(",,,,,found", ',minor,"ill, at ""home""",called,2026-03-18,found,see e-mail')
    own = "S1,V1,,,,,,consent,major,,,new form not signed,,,,,open,"
    path.write_text(f"{head},CRA\n{own}\n{late}\n{lapsed},\n")
    visits(tmp_path, RECORDS.replace("2026-03-16", "2026-03-12"))
    gone = log(run)
    assert gone.out == (
        "log.csv: 3 rows (1 found again, 1 no longer found, 1 of your own), 0 deviations to be filled in; "
        "as of 2026-03-20\n"
    )
    assert path.read_text() == f"{head},CRA\n{own}\n{late.replace(',found,', ',no longer found,')}\n{lapsed},\n"
    visits(tmp_path, RECORDS)
    assert "(2 found again, 1 of your own), 0 deviations" in log(run).out
    assert path.read_text() == f"{head},CRA\n{own}\n{late}\n{lapsed},\n"


def test_a_log_from_excel_keeps_its_shape_and_form_of_dates(run: Run, tmp_path: Path) -> None:
    """Written for Excel, sorted, saved with dotted dates: read with the form declared, refused with advice without."""
    assert log(run, "--excel").code == 0
    path = tmp_path / "log.csv"
    head, late, lapsed, end = path.read_bytes().decode().split("\r\n")
    assert (head[:9], end) == ("\ufeffsubject;"[:9], "")
    late = late.replace(";2026-03-16", ";16.03.2026").replace(";2026-03-12;", ";12.03.2026;")
    late = late.replace(";;;;;found", ';;"snow;\n\u0142\u00f3d\u017a";;19.3.;found')
    saved = f"{head}\r\n{lapsed}\r\n{late}\r\n;;;\r\n".encode()
    path.write_bytes(saved)
    refused = log(run)
    assert refused.code == 2
    assert refused.err.startswith("error: log.csv line 3: date: ")
    assert "--dates dd.mm.yyyy" in refused.err
    assert path.read_bytes() == saved
    assert "(2 found again)" in log(run, "--dates", "dd.mm.yyyy").out
    text = path.read_bytes().decode()
    assert text.startswith(f"{head}\r\n")
    assert text.count("\r\n") == 3
    assert ";16.03.2026;2;late;deviation;;16.03.2026;" in text
    assert ';;"snow;\n\u0142\u00f3d\u017a";;19.3.;found\r\n' in text
    (tmp_path / "t" / "trial.toml").write_text('schema = "trialsched/trial/1"\ndate_format = "dd.mm.yyyy"\n')
    assert "unchanged" in log(run).out


def test_a_copied_row_is_refused_naming_both_lines(run: Run, tmp_path: Path) -> None:
    """Bad rows of the trial are told before; nothing is written."""
    log(run)
    path = tmp_path / "log.csv"
    head, late, lapsed = path.read_text().splitlines()
    path.write_text(f"{head}\n{late}\n{lapsed}\n{late}\n")
    (tmp_path / "t" / "subjects.csv").write_text(SUBJECTS + "S3,never\n")
    refused = log(run, "--force")
    assert (refused.code, refused.out) == (2, "")
    first, second = refused.err.splitlines()
    assert first.startswith("error: subjects.csv line 4: baseline")
    assert second.startswith("error: log.csv line 4: the same subject, visit, kind, other visit and date as on line 2")
    assert path.read_text() == f"{head}\n{late}\n{lapsed}\n{late}\n"


def test_bad_rows_are_told_when_the_disk_fails_too(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are to be put right; the log stays as it is, and the exit code is that of the disk."""
    log(run)
    before = (tmp_path / "log.csv").read_bytes()
    (tmp_path / "t" / "subjects.csv").write_text(SUBJECTS + "S3,never\n")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "log.csv")

    monkeypatch.setattr("trialsched.cli.files.save", full)
    failed = log(run, as_of="2026-03-10")
    assert (failed.code, failed.out) == (3, "")
    first, second = failed.err.splitlines()
    assert first.startswith("error: subjects.csv line 4: baseline")
    assert second == "error: log.csv: No space left on device"
    assert (tmp_path / "log.csv").read_bytes() == before


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_what_is_saved_while_the_log_is_made_again_is_not_lost(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, force: tuple[str, ...]
) -> None:
    """Somebody fills in a reason between reading and writing: nothing is written, and it is said what to do."""
    path = tmp_path / "log.csv"
    log(run)

    def meanwhile(*arguments: Any, **options: Any) -> DeviationLog:  # noqa: ANN401 - those of `merge`
        path.write_text(path.read_text().replace(",,,,,found", ",,snow,,,found"))
        return merge(*arguments, **options)

    monkeypatch.setattr("trialsched.formats.deviations.merge", meanwhile)
    refused = log(run, *force, as_of="2026-03-10")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "error: log.csv: was saved by somebody while it was made again: make it once more\n"
    assert [row["reason"] for row in rows(path)] == ["snow", "snow"]


def test_a_log_has_a_form_of_dates_without_lists_too(run: Run, tmp_path: Path) -> None:
    """A log of one subject, or of a JSON document, that a spreadsheet saved: the advice of the error can be taken."""
    document = '{"schema": "trialsched/subjects/1", "subjects": [{"subject": "S1", "baseline": "2026-03-02"}]}'
    (tmp_path / "s.json").write_text(document)
    day = ("--protocol", "t/protocol.toml", "--as-of", "2026-03-20", "-o", "log.csv")
    facts = ("--attended", "V1=2026-03-02", "--attended", "V2=2026-03-16")
    one = ("deviations", "--subject", "S1", "--baseline", "2026-03-02", *facts, *day)
    assert run(*one).code == 0
    path = tmp_path / "log.csv"
    path.write_text(path.read_text().replace(",,2026-03-16,", ",,16.03.2026,").replace(",,,,,found", ",,snow,,,found"))
    refused = run(*one)
    assert (refused.code, "or declare the form (--dates dd.mm.yyyy" in refused.err) == (2, True)
    again = run(*one, "--dates", "dd.mm.yyyy")
    assert (again.code, again.err) == (0, "")
    assert [(row["date"], row["reason"], row["state"]) for row in rows(path)] == [("16.03.2026", "snow", "found")]
    listed = run("deviations", "--subjects", "s.json", *day, "--dates", "dd.mm.yyyy")
    assert (listed.code, listed.err) == (0, "")
    assert (rows(path)[0]["date"], rows(path)[0]["state"]) == ("16.03.2026", "no longer found")
    wrong = run(*one, "--dates", "day first")
    assert (wrong.code, wrong.err.startswith("error: --dates: read 'day first', expected ")) == (2, True)
    elsewhere = run(*one[:-2], "--dates", "dd.mm.yyyy")
    assert (elsewhere.code, elsewhere.err.startswith("error: --dates needs --subjects")) == (2, True)


def test_only_a_log_is_made_again(run: Run, tmp_path: Path) -> None:
    """Somebody's notes stay without `--force`; a log that cannot be read stays with it too."""
    path = tmp_path / "log.csv"
    for notes in (b"my notes\n", b"", b"subject,visit\n"):
        path.write_bytes(notes)
        refused = log(run)
        assert (refused.code, "log.csv: exists and is not known" in refused.err) == (2, True)
        assert path.read_bytes() == notes
    assert log(run, "--force").code == 0
    broken = path.read_text().replace(",,,,,found", ",,,\u0142,,found").encode("cp1250")
    path.write_bytes(broken)
    for more in ((), ("--force",)):
        refused = log(run, *more)
        assert refused.code == 2
        like = "it looks like Windows-1250 ('\u0142')"
        assert refused.err == f'error: log.csv line 2: not UTF-8, {like}: save the file as "CSV UTF-8"\n'
        assert path.read_bytes() == broken
    renamed = path.read_bytes().replace(b",reason,", b",powod,")
    path.write_bytes(renamed)
    assert log(run, "--force").err.endswith(': save the file as "CSV UTF-8"\n')
    path.write_text("subject,visit,kind,other,date,detail\n")
    words = ", ".join(map(repr, ("version", "planned", "window", "actual", "days_out", "level")))
    assert log(run, "--force").err.startswith(f"error: log.csv line 1: no deviation log: no column {words}, 'severity'")
    path.unlink()
    log(run)
    made = path.read_text().replace(",,,,,found", ",,snow,,,found")
    for strange in (f"Log of site 1\n{made}", made.replace("subject", "patient", 1)):
        path.write_text(strange)
        assert log(run, "--force").err.startswith("error: log.csv line 1: no deviation log: no column 'subject'")
        assert path.read_text() == strange
    (tmp_path / "folder").mkdir()
    folder = run("deviations", "t", "-o", "folder")
    assert (folder.code, folder.err) == (2, "error: folder: is a folder, a file is meant\n")


def test_rows_of_subjects_that_were_not_checked_are_left(run: Run, tmp_path: Path) -> None:
    """A subject with a bad row, or not asked for, is not said to have no findings; one that is not in the trial is."""
    log(run)
    path = tmp_path / "log.csv"
    visits(tmp_path, RECORDS.replace("S2,V1,,2026-03-02", "S2,V1,,never"))
    left = log(run)
    assert left.code == 2
    words = "2 rows (1 found again, 1 of subjects not checked), 1 deviation to be filled in"
    assert left.out == f"log.csv: unchanged; {words}; as of 2026-03-20\n"
    one = ("--protocol", "t/protocol.toml", "--subject", "S2", "--baseline", "2026-03-02", "--as-of", "2026-03-03")
    assert "1 no longer found, 1 of subjects not checked" in run("deviations", *one, "-o", "log.csv").out
    assert [row["state"] for row in rows(path)] == ["found", "no longer found"]
    visits(tmp_path, RECORDS)
    (tmp_path / "t" / "subjects.csv").write_text("subject,baseline\nS3,2026-03-02\n")
    visits(tmp_path, "subject,visit\n")
    assert "2 no longer found), 0 deviations to be filled in" in log(run, as_of="2026-03-02").out  # late, and empty
    assert [row["state"] for row in rows(path)] == ["no longer found"] * 2


def test_the_level_limits_new_rows(run: Run, tmp_path: Path) -> None:
    """Notes are left out of a new log, and stay in one that has them."""
    assert "1 row (1 new)" in log(run, "--level", "deviation").out
    assert [row["kind"] for row in rows(tmp_path / "log.csv")] == ["late"]
    assert "2 rows (1 new, 1 found again)" in log(run).out
    assert "unchanged; 2 rows (2 found again)" in log(run, "--level", "deviation").out


def test_without_a_file_findings_are_shown(run: Run, tmp_path: Path) -> None:
    """As a table, CSV, JSON or Markdown, nothing merged; JSON and CSV may go to files too."""
    day = ("--as-of", "2026-03-20")
    table = run("deviations", "t", *day)
    assert (table.code, table.out.splitlines()[-2:][0]) == (0, "2 findings")
    assert run("deviations", "t", *day, "-o", "-").out == table.out
    text = run("deviations", "t", *day, "--format", "csv")
    log(run)
    assert text.raw == (tmp_path / "log.csv").read_bytes()
    assert run("deviations", "t", *day, "--format", "csv", "-o", "-").raw == text.raw
    assert run("deviations", "t", *day, "--format", "csv", "--excel").raw.startswith("\ufeffsubject;".encode())
    only = run("deviations", "t", *day, "--format", "csv", "--level", "deviation", "--dates", "dd.mm.yyyy").out
    assert only.splitlines()[1].startswith("S1,V2,1,12.03.2026,10.03.2026..14.03.2026,16.03.2026,2,late,")
    assert len(only.splitlines()) == 2
    for _ in range(2):
        assert run("deviations", "t", *day, "--format", "json", "-o", "log.json").code == 0
    document = json.loads((tmp_path / "log.json").read_text())
    assert document["schema"] == "trialsched/deviations/1"
    assert [row["kind"] for row in document["rows"]] == ["late", "lapsed"]
    assert run("deviations", "t", *day, "--format", "markdown").out.startswith("# Deviation log\n")
    assert run("deviations", "t", *day, "--format", "markdown", "-o", "log.csv").code == 2


def test_a_log_is_written_whole_or_not_at_all(run: Run, tmp_path: Path) -> None:
    """A disk that fails leaves the log as it was."""
    log(run)
    path = tmp_path / "log.csv"
    before = path.read_bytes()
    visits(tmp_path, RECORDS.replace("2026-03-16", "2026-03-17"))
    small = "ulimit -f 0; exec"
    failed = trialsched("deviations", "t", "--as-of", "2026-03-20", "-o", "log.csv", cwd=tmp_path, before=small)
    assert failed.code == 3
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["log.csv", "t"]


def test_after_the_end_every_command_says_that_what_was_missed_was_not_expected(run: Run, tmp_path: Path) -> None:
    """Dead on 9 March; V2 and P3, whose windows close on 14 and 31 March, were written down as missed."""
    (tmp_path / "t" / "subjects.csv").write_text("subject,baseline,ended,end_reason\nS1,2026-03-02,2026-03-09,death\n")
    visits(tmp_path, "subject,visit,attended,outcome\nS1,V1,2026-03-02,\nS1,V2,,missed\nS1,P3,,missed\n")
    as_of = ("t", "--as-of", "2026-06-01")
    (said,) = json.loads(run("check", *as_of, "--format", "json").out)["subjects"]
    assert [visit["status"] for visit in said["visits"]] == ["done", "not-expected", "not-expected"]
    assert said["findings"] == []
    assert run("check", *as_of, "--fail-on", "finding").code == 0
    rates = json.loads(run("adherence", *as_of, "--format", "json").out)["rates"]
    counts = [(rate["window_basis"], rate["due"], rate["missed"]) for rate in rates if rate["visit"] is None]
    assert counts == [("protocol", 1, 0), ("assumed", 0, 0)]
    assert json.loads(run("deviations", *as_of, "--format", "json").out)["rows"] == []
    assert json.loads(run("worklist", *as_of, "--format", "json").out)["items"] == []
    made = run("sdtm", *as_of, "--number-by-position", "--format", "csv", "-o", "sdtm")
    assert "recorded as missed after participation had ended: V2 of S1, P3 of S1" in made.err
    assert [row["VISIT"] for row in rows(tmp_path / "sdtm" / "sv.csv")] == ["V1"]
    deviations = tmp_path / "sdtm" / "dv.csv"
    assert not deviations.exists()
