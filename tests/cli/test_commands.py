"""The commands as people type them."""

import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import trialsched as ts
from tests.support.calendars import vevents
from tests.support.shell import Result, trialsched
from trialsched.formats import ical

BASE = ("--baseline", "2026-03-02")
STAMP = ("--stamp", "2026-03-01T12:00:00Z")
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs a command in a folder of its own."""
    return lambda *arguments, **options: trialsched(*arguments, cwd=tmp_path, **options)


def test_one_command_writes_a_calendar_and_says_so_in_a_line(run: Run, tmp_path: Path) -> None:
    """What it wrote, for whom, by which protocol, and that it is not for the participant."""
    result = run("ics", *BASE, "--subject", "P01-007", *STAMP)
    assert result.code == 0
    assert result.out == (
        "P01-007.ics: 17 visits of P01-007 by alstem 2022-05-03, for site staff, not for the participant\n"
    )
    assert result.err == "protocol: alstem 2022-05-03, bundled (the default; choose another with --protocol)\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["P01-007.ics"]
    plan = ts.schedule(ts.load_protocol("alstem"), ts.Subject("P01-007", baseline=date(2026, 3, 2)))
    events = vevents((tmp_path / "P01-007.ics").read_bytes())
    assert [event["DTSTART"].dt for event in events] == [row.target for row in plan]


def test_the_same_command_again_replaces_its_own_file(run: Run, tmp_path: Path) -> None:
    """Same input, same bytes; a file of ours is replaced without a question."""
    run("ics", *BASE, "--subject", "P01-007", *STAMP)
    first = (tmp_path / "P01-007.ics").read_bytes()
    assert run("ics", *BASE, "--subject", "P01-007", *STAMP).code == 0
    assert (tmp_path / "P01-007.ics").read_bytes() == first
    assert run("ics", "--baseline", "2026-03-03", "--subject", "P01-007", *STAMP).code == 0
    assert (tmp_path / "P01-007.ics").read_bytes() != first


def test_a_file_of_somebody_else_is_kept(run: Run, tmp_path: Path) -> None:
    """Output files replace only files that trialsched wrote; `--force` replaces anything."""
    path = tmp_path / "P01-007.ics"
    path.write_text("my notes")
    result = run("ics", *BASE, "--subject", "P01-007")
    assert result.code == 2
    assert "P01-007.ics: exists and is not known to be written by trialsched; --force replaces it" in result.err
    assert path.read_text() == "my notes"
    assert run("ics", *BASE, "--subject", "P01-007", "--force").code == 0
    assert path.read_bytes().startswith(b"BEGIN:VCALENDAR")


def test_a_calendar_edited_by_another_program_is_known_by_its_uids(run: Run, tmp_path: Path) -> None:
    """An .ics is ours by its PRODID or by a UID of the plan (design 10)."""
    run("ics", *BASE, "--subject", "P01-007", *STAMP)
    path = tmp_path / "P01-007.ics"
    path.write_bytes(path.read_bytes().replace(b"-//trialsched//trialsched//EN", b"-//Other//EN"))
    assert run("ics", *BASE, "--subject", "P01-007", *STAMP).code == 0
    path.write_bytes(path.read_bytes().replace(b"-//trialsched//trialsched//EN", b"-//Other//EN"))
    assert run("ics", *BASE, "--subject", "P01-008", "-o", "P01-007.ics").code == 2


def test_standard_output_and_other_places(run: Run, tmp_path: Path) -> None:
    """`-o -` writes the bytes to standard output, `-o FILE` elsewhere."""
    piped = run("ics", *BASE, "--subject", "P01-007", *STAMP, "-o", "-")
    run("ics", *BASE, "--subject", "P01-007", *STAMP, "-o", "other.ics")
    assert piped.raw == (tmp_path / "other.ics").read_bytes()
    assert b"\r\n" in piped.raw
    result = run("ics", *BASE, "--subject", "P01-007", "-o", "missing/other.ics")
    assert (result.code, "there is no folder missing" in result.err) == (2, True)


def test_the_stamp_needs_a_zone(run: Run) -> None:
    """A time without zone is a different moment on every machine."""
    for text in ("2026-03-01T12:00:00", "soon", "2026-03-01"):
        result = run("ics", *BASE, "--subject", "P1", "--stamp", text)
        assert (result.code, "--stamp: read" in result.err) == (2, True)


def test_a_secret_study_key_comes_from_a_file(run: Run, tmp_path: Path) -> None:
    """The UIDs change, the key appears nowhere; a key that cannot be read is bad input."""
    (tmp_path / "key").write_text("a secret key\n")
    run("ics", *BASE, "--subject", "P01-007", *STAMP, "--study-key-file", "key")
    data = (tmp_path / "P01-007.ics").read_bytes()
    assert b"6a7f7250-33eb-519a-b969-6e87c1b9c1e0" in data.replace(b"\r\n ", b"")
    assert b"secret" not in data
    (tmp_path / "bad").write_bytes(b"\xff")
    (tmp_path / "empty").write_bytes(b"\n")
    for name in ("missing", "bad", "empty", "."):
        result = run("ics", *BASE, "--subject", "P01-007", "--study-key-file", name)
        assert (result.code, f"--study-key-file {name}: " in result.err) == (2, True)


def test_a_booked_time_is_refused_with_the_visit(run: Run, tmp_path: Path) -> None:
    """Times of day come later: nothing is written."""
    result = run("ics", *BASE, "--subject", "P1", "--booked", "DOSE2=2026-04-02T09:30")
    assert result.code == 2
    assert "DOSE2" in result.err
    assert list(tmp_path.iterdir()) == []
    assert run("plan", *BASE, "--booked", "DOSE2=2026-04-02T09:30").code == 0


def test_facts_on_the_command_line(run: Run) -> None:
    """Every option of design 10 reaches the plan."""
    result = run(
        "plan", *BASE, "--subject", "P1", "--format", "json", "--attended", "DOSE1=2026-03-04", "--attended",
        "SCR1=2025-12", "--booked", "DOSE2=2026-04-02T09:05", "--missed", "M03", "--withheld", "DOSE3=2026-05-04",
        "--ended", "2026-12-31",
    )  # fmt: skip
    assert result.code == 0
    document = json.loads(result.out)
    rows = {row["visit"]: row for row in document["visits"]}
    assert (document["day_zero"], document["day_zero_source"]) == ("2026-03-04", "attended")
    assert rows["SCR1"]["attended"] == "2025-12"
    assert (rows["DOSE2"]["booked"], rows["DOSE2"]["booked_time"]) == ("2026-04-02", "09:05")
    assert rows["M03"]["outcome"] == "missed"
    assert (rows["DOSE3"]["attended"], rows["DOSE3"]["outcome"]) == ("2026-05-04", "withheld")
    assert document["notes"] == [] or "SCR1" in document["notes"][0]


def test_an_unscheduled_visit_is_taken(run: Run) -> None:
    """Codes declared unscheduled are records, other unknown codes are mistakes."""
    assert run("plan", *BASE, "--attended", "UNS1=2026-03-09").code == 0
    result = run("plan", *BASE, "--attended", "DOS1=2026-03-09")
    assert (result.code, "expected 'DOSE1', the nearest one" in result.err) == (2, True)


def test_a_provisional_plan(run: Run) -> None:
    """Plans from a screening visit's date, and says that it is provisional."""
    document = json.loads(run("plan", "--provisional", "SCR1=2025-12-02", "--format", "json").out)
    assert (document["baseline"], document["baseline_status"]) == ("2026-03-02", "provisional")
    assert all(row["provisional"] for row in document["visits"])
    assert all(row["attended"] is None for row in document["visits"])


def test_arms_and_other_protocols(run: Run, tmp_path: Path) -> None:
    """A bundled id or a file; the default is said, the chosen one not."""
    result = run("plan", "--protocol", "cycles", "--arm", "A", "--baseline", "2026-01-01", "--format", "json")
    assert result.err == ""
    assert len(json.loads(result.out)["visits"]) == 12
    (tmp_path / "my.toml").write_text(run("protocol", "show", "cycles", "--format", "toml").out, "utf-8")
    mine = run("plan", "--protocol", "my.toml", "--arm", "A", "--baseline", "2026-01-01", "--format", "json")
    assert mine.out == result.out
    assert "its arms: A, B" in run("plan", "--protocol", "cycles", "--arm", "C", "--baseline", "2026-01-01").err


def test_as_registered(run: Run) -> None:
    """Assumed windows go, and every output shows the variant."""
    result = run("plan", *BASE, "--as-registered", "--format", "json")
    document = json.loads(result.out)
    assert document["protocol"]["variant"] == "as-registered"
    assert [row["window_basis"] for row in document["visits"]].count("none") == 14
    assert "(as-registered)" in run("plan", *BASE, "--as-registered").out


TABLE = """
 SCR1    Screening visit 1      2025-12-02 Tue     2025-11-25 Tue .. 2025-12-09 Tue ~   -90         on-site
 SCR3    Screening visit 3      2026-01-31 Sat !   2026-01-24 Sat .. 2026-02-07 Sat ~   -30         on-site
 DOSE1   IMP administration 1   2026-03-02 Mon     2026-02-23 Mon .. 2026-03-09 Mon     1           on-site
""".strip("\n").splitlines()


def test_the_table_marks_weekends_and_assumed_windows(run: Run) -> None:
    """Piped, the table is plain text without colour, with a legend."""
    result = run("plan", *BASE, "--subject", "P01-007")
    lines = result.out.splitlines()
    assert "\x1b" not in result.out
    assert set(TABLE) <= set(lines)
    assert lines[0] == "P01-007: baseline 2026-03-02; protocol alstem 2022-05-03"
    assert lines[-2] == "! Saturday or Sunday   ~ assumed window, not in the protocol"
    sha256 = "c2e5fe867d4aca49559b4f1df7567d5c9f304f5ab38f172c9c6cedbef6ac46e8"  # the golden fingerprint
    assert lines[-1] == f"protocol alstem 2022-05-03, sha256 {sha256}; trialsched {ts.__version__}"


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "COLUMNS"])
def test_piped_output_never_has_colour(run: Run, variable: str) -> None:
    """No environment variable puts escape codes or another width into a pipe or file."""
    plain = run("plan", *BASE)
    assert run("plan", *BASE, env={variable: "1"}).out == plain.out


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "markdown"])
def test_a_file_has_what_standard_output_has(run: Run, tmp_path: Path, form: str) -> None:
    """`-o` writes the same bytes; what is ours is replaced, anything else needs `--force`."""
    result = run("plan", *BASE, "--format", form)
    assert run("plan", *BASE, "--format", form, "-o", "out").out == ""
    assert (tmp_path / "out").read_bytes() == result.raw
    assert run("plan", *BASE, "--format", form, "-o", "out").code == 0
    (tmp_path / "out").write_text('{"generator": {"name": "other"}}')
    assert run("plan", *BASE, "--format", form, "-o", "out").code == 2
    assert run("plan", *BASE, "--format", form, "-o", "out", "--force").code == 0
    assert (tmp_path / "out").read_bytes() == result.raw


LIST = "subject,baseline\nP1,2026-03-02\nP2,2026-02-30\nP3,2026-03-04\np1,2026-03-05\nP5,1026-03-02\nP6,2026-03-09\n"


def test_many_subjects_one_file_each(run: Run, tmp_path: Path) -> None:
    """A bad row is named with its line and stops nothing else; the command ends with 2."""
    (tmp_path / "list.csv").write_text(LIST)
    result = run("ics", "--subjects", "list.csv", "-o", "out", *STAMP)
    assert result.code == 2
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["P3.ics", "P6.ics"]
    assert [re.findall(r"line \d", line)[0] for line in result.err.splitlines()[1:]] == [
        "line 2",
        "line 3",
        "line 5",
        "line 6",
    ]
    assert result.out == "out: 2 calendars by alstem 2022-05-03, for site staff, not for the participant\n"
    one = run("ics", "--baseline", "2026-03-04", "--subject", "P3", *STAMP, "-o", "-")
    assert (tmp_path / "out" / "P3.ics").read_bytes() == one.raw


def test_a_good_list_ends_with_zero(run: Run, tmp_path: Path) -> None:
    """All rows good: exit code 0, also when it is run again; somebody else's file is a bad row."""
    (tmp_path / "list.csv").write_text("subject,baseline\nP1,2026-03-02\nP3,2026-03-04\n")
    assert run("ics", "--subjects", "list.csv", "-o", "out").code == 0
    assert run("ics", "--subjects", "list.csv", "-o", "out").code == 0
    (tmp_path / "out" / "P1.ics").write_text("notes")
    result = run("ics", "--subjects", "list.csv", "-o", "out", *STAMP)
    assert result.code == 2
    assert "list.csv line 2: out" in result.err
    assert (tmp_path / "out" / "P1.ics").read_text() == "notes"
    assert run("ics", "--subjects", "list.csv", "-o", "list.csv").code == 2


def test_a_row_that_cannot_be_planned_is_a_bad_row(run: Run, tmp_path: Path) -> None:
    """An unknown arm is named with its line; the other subjects are planned, one JSON document a line."""
    (tmp_path / "list.csv").write_text("subject,baseline,arm\nP1,2026-03-02,A\nP2,2026-03-02,X\nP3,2026-03-02,B\n")
    result = run("plan", "--protocol", "cycles", "--subjects", "list.csv", "--format", "jsonl")
    assert result.code == 2
    assert "list.csv line 3: arm" in result.err
    assert [json.loads(line)["subject"] for line in result.out.splitlines()] == ["P1", "P3"]
    assert run("plan", "--subjects", "list.csv", "--format", "json").code == 2


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("ics",), ["--subject is missing", "--baseline is missing"]),
        (("ics", *BASE), ["--subject is missing"]),
        (("plan",), ["--baseline is missing"]),
        (("plan", "--baseline", "2026-02-30"), ["--baseline: read '2026-02-30'"]),
        (("plan", "--baseline", "02.03.2026"), ["expected a date as 'YYYY-MM-DD'"]),
        (("plan", "--baseline", "1826-03-02"), ["taken for a typing error"]),
        (("plan", "--baseline", "2226-03-02"), ["taken for a typing error"]),
        (("plan", *BASE, "--provisional", "SCR1=2025-12-02"), ["exclude each other"]),
        (("plan", *BASE, "--attended", "DOSE1"), ["expected CODE=DATE"]),
        (("plan", *BASE, "--attended", "DOSE1=soon", "--missed", "X1", "--booked", "M03=2026-06-02T25:00"),
         ["--attended DOSE1: read 'soon'", "--missed: no visit 'X1'", "--booked M03: read '2026-06-02T25:00'"]),
        (("plan", *BASE, "--ended", "2026-99-01"), ["--ended: read"]),
        (("plan", *BASE, "--subject", "  "), ["--subject: "]),
        (("plan", *BASE, "--protocol", "alsten"), ["'alstem', the nearest one"]),
        (("plan", *BASE, "--protocol", "./nothing.toml"), ["--protocol ./nothing.toml: No such file"]),
        (("plan", *BASE, "--protocol", "."), ["--protocol .: "]),
        (("plan", *BASE, "--format", "yaml"), ["--format"]),
        (("plan", *BASE, "--nope"), ["--nope"]),
        (("ics", "--subjects", "x.csv"), ["-o DIR is missing"]),
        (("plan", "--subjects", "x.csv"), ["--subjects x.csv: No such file"]),
        (("plan", "--subjects", "x.csv", *BASE, "--subject", "P1"), ["--subject, --baseline exclude each other"]),
        (("changes", "a.json", "b.json"), ["a.json: No such file", "b.json: No such file"]),
        (("protocol", "lint", "nothing.toml"), ["nothing.toml"]),
        (("nonsense",), ["nonsense"]),
    ],
)  # fmt: skip
def test_bad_input_ends_with_two_and_says_what_would_be_right(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], parts: list[str]
) -> None:
    """All problems at once, no traceback, nothing written, exit code 2."""
    result = run(*arguments)
    assert result.code == 2
    assert all(part in result.err for part in parts), result.err
    assert "Traceback" not in result.err
    assert result.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_bad_protocol_file_names_every_problem(run: Run, tmp_path: Path) -> None:
    """Each problem on a line with the file's name and its place."""
    (tmp_path / "bad.toml").write_text('id = "1"\n[[visits]]\ncode = "V"\n')
    result = run("plan", *BASE, "--protocol", "bad.toml")
    assert result.code == 2
    places = [line.split(": ")[2] for line in result.err.splitlines()]
    assert places == ["schema", "id", "version", "anchor", "visits[0].mode"] or set(places) == {
        "schema",
        "id",
        "version",
        "anchor",
        "visits[0].mode",
    }


def test_changes_between_two_plans(run: Run, tmp_path: Path) -> None:
    """What moves when the first dose moves, as a table and as JSON."""
    run("plan", *BASE, "--subject", "P1", "--format", "json", "-o", "old.json")
    run("plan", *BASE, "--subject", "P1", "--attended", "DOSE1=2026-03-04", "--format", "json", "-o", "new.json")
    table = run("changes", "old.json", "new.json")
    assert table.code == 0
    assert re.search(r"DOSE2 +target +2026-04-01 +2026-04-03 +\+2", table.out)
    assert re.search(r"DOSE2 +window +2026-03-25 \.\. 2026-04-08 +2026-03-27 \.\. 2026-04-10", table.out)
    document = json.loads(run("changes", "old.json", "new.json", "--format", "json").out)
    assert {"visit": "DOSE1", "kind": "attended", "old": None, "new": "2026-03-04", "days": None} in document["changes"]
    still = run("changes", "old.json", "old.json").out.splitlines()
    assert (still[0], len(still)) == ("P1: nothing moves", 2)
    assert still[1].endswith(f"; trialsched {ts.__version__}")  # of one protocol, one stamp
    run("plan", *BASE, "--subject", "P2", "--format", "json", "-o", "other.json")
    assert "one subject is meant" in run("changes", "old.json", "other.json").err
    (tmp_path / "no.json").write_text("{}")
    assert run("changes", "old.json", "no.json").code == 2


def test_protocols_are_listed_shown_and_checked(run: Run, tmp_path: Path) -> None:
    """`protocol list|show|lint|schema`."""
    assert re.search(r"alstem +2022-05-03 +17 ", run("protocol", "list").out)
    shown = run("protocol", "show", "alstem").out
    assert "DOSE1 to DOSE2: at least 23 days ~" in shown
    assert f"sha256 {ts.load_protocol('alstem').fingerprint}" in shown
    assert "at least 23 days" not in run("protocol", "show", "alstem", "--as-registered").out
    assert json.loads(run("protocol", "show", "alstem", "--format", "json").out)["anchor"] == "DOSE1"
    saved = [
        run("protocol", "show", "alstem", "--format", "toml", "-o", "a.toml", *more) for more in ((), (), ("--force",))
    ]
    assert [(one.code, one.out) for one in saved] == [(0, ""), (0, ""), (0, "")]
    assert ts.load_protocol(tmp_path / "a.toml") == ts.load_protocol("alstem")
    assert run("protocol", "show", "nothing", "-o", "").err.count("error: ") == 2
    assert json.loads(run("protocol", "schema").out)["title"] == "trialsched protocol document"
    clean = run("protocol", "lint", "alstem", "cycles", "--fail-on", "warning")
    assert (clean.code, clean.out.count(" 0 warnings")) == (0, 2)
    text = run("protocol", "show", "alstem", "--format", "toml").out.replace("±7 days", "±20 days")
    (tmp_path / "wide.toml").write_text(text, "utf-8")
    assert run("protocol", "lint", "wide.toml").code == 0
    warned = run("protocol", "lint", "wide.toml", "--fail-on", "warning")
    assert warned.code == 1
    assert "the windows of SCR1 and SCR2 overlap" in warned.out


def test_version_and_help(run: Run) -> None:
    """`--version` says name and version; every command has help."""
    assert run("--version").out == f"trialsched {ts.__version__}\n"
    for arguments in ((), ("plan",), ("ics",), ("changes",), ("protocol",), ("protocol", "lint")):
        result = run(*arguments, "--help")
        assert (result.code, "Usage: trialsched" in result.out) == (0, True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion(run: Run, shell: str) -> None:
    """The script of a shell names the program and what it asks."""
    result = run("completion", shell)
    assert (result.code, "_TRIALSCHED_COMPLETE" in result.out) == (0, True)


def test_completion_answers_what_a_shell_asks(tmp_path: Path) -> None:
    """The installed command completes a command's name."""
    program = Path(sys.executable).with_name("trialsched")
    environment = {
        **os.environ,
        "_TRIALSCHED_COMPLETE": "bash_complete",
        "COMP_WORDS": "trialsched pl",
        "COMP_CWORD": "1",
    }
    done = subprocess.run([program], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["plain,plan"]


def test_a_full_disk_is_a_failure_outside(run: Run) -> None:
    """Exit code 3, one line, no traceback."""
    with Path("/dev/full").open("wb") as full:
        result = run("plan", *BASE, "--format", "json", stdout=full)
    assert result.code == 3
    assert "Traceback" not in result.err
    assert "No space left" in result.err


def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    """`plan | head -1` ends quietly."""
    command = [sys.executable, "-m", "trialsched", "plan", *BASE, "--format", "json"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, cwd=tmp_path, check=False)
    os.close(writing)
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_an_output_folder_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    """A link into a missing folder is bad input; nothing is left behind."""
    (tmp_path / "link.ics").symlink_to(tmp_path / "gone" / "file.ics")
    result = run("ics", *BASE, "--subject", "P1", "-o", "link.ics")
    assert result.code == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.ics"]


def test_links_and_permissions_stay(run: Run, tmp_path: Path) -> None:
    """A link is written through; the file's permissions are kept; a new file follows the umask."""
    run("ics", *BASE, "--subject", "P1", "-o", "real.ics")
    assert stat.S_IMODE((tmp_path / "real.ics").stat().st_mode) == 0o666 & ~umask()
    (tmp_path / "real.ics").chmod(0o640)
    (tmp_path / "link.ics").symlink_to("real.ics")
    assert run("ics", "--baseline", "2026-03-03", "--subject", "P1", "-o", "link.ics").code == 0
    assert (tmp_path / "link.ics").is_symlink()
    assert stat.S_IMODE((tmp_path / "real.ics").stat().st_mode) == 0o640


def umask() -> int:
    """Return this process's umask."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def at_a_terminal(*arguments: str, cwd: Path) -> str:
    """Run a command with a terminal of 120 columns and return what a person sees."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "trialsched", *arguments], stdin=follower, stdout=follower, stderr=follower, cwd=cwd,
        env=environment,
    )  # fmt: skip
    os.close(follower)
    seen = b""
    while True:
        ready, _, _ = select.select([leader], [], [], 60)
        try:
            chunk = os.read(leader, 65536) if ready else b""
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        seen += chunk
    process.wait(60)
    os.close(leader)
    return seen.decode()


def test_a_terminal_has_colour_and_a_progress_bar(tmp_path: Path) -> None:
    """What a person sees: coloured tables, and a bar while many calendars are written."""
    assert "\x1b[" in at_a_terminal("plan", *BASE, cwd=tmp_path)
    (tmp_path / "list.csv").write_text("subject,baseline\nP1,2026-03-02\nP3,2026-03-04\n")
    assert "Writing calendars" in at_a_terminal("ics", "--subjects", "list.csv", "-o", "out", cwd=tmp_path)
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_an_empty_protocol_is_never_the_default(run: Run) -> None:
    """An unset variable of a script is bad input, not ALSTEM (design 10)."""
    for command in (("plan", *BASE, "--protocol", ""), ("protocol", "show", ""), ("protocol", "lint", "")):
        result = run(*command)
        assert (result.code, result.out) == (2, "")
        assert "no bundled protocol ''" in result.err


def test_what_is_wrong_is_said_at_once(run: Run, tmp_path: Path) -> None:
    """One bad option hides no other."""
    result = run("ics", "--subject", " ", "--baseline", "x", "--stamp", "y", "--ended", "z", "--attended", "foo")
    assert result.code == 2
    assert [line.partition(": ")[2].partition(": ")[0] for line in result.err.splitlines()[1:]] == [
        "--stamp",
        "--subject",
        "--baseline",
        "--ended",
        "--attended",
    ]
    (tmp_path / "s.csv").write_text("subject,baseline\n")
    result = run("ics", "--subjects", "s.csv", "--subject", "P1", "--study-key-file", "gone")
    assert [line.partition(" ")[2][:20] for line in result.err.splitlines()[1:]] == [
        "--study-key-file gon",
        "-o DIR is missing: t",
        "--subjects and --sub",
        "s.csv: no subjects u",
    ]
    assert run("plan", "--arm", "X", "--baseline", "x", "--protocol", "cycles").err.count("error: ") == 2


@pytest.mark.parametrize("option", ["--subject", "--baseline", "--dates", "--ended", "--arm", "--subjects", "--stamp"])
def test_an_option_given_twice_is_bad_input(run: Run, option: str) -> None:
    """Of two, none is the one that was meant."""
    result = run("ics", option, "one", option, "other")
    assert result.code == 2
    assert "is given 2 times: 'one', 'other'" in result.err


@pytest.mark.parametrize("year", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1826-03-02T09:00:00Z"])
def test_a_stamp_of_another_age_is_a_typing_error(run: Run, tmp_path: Path, year: str) -> None:
    """Years before 1900 and after 2199 are refused for every date (design 10)."""
    result = run("ics", *BASE, "--subject", "P1", "--stamp", year)
    assert result.code == 2
    assert "--stamp: read " in result.err
    assert list(tmp_path.iterdir()) == []


def test_a_subject_whose_file_fails_stops_no_other(run: Run, tmp_path: Path) -> None:
    """The others are written, every fault is said in the order of lines, and the end is a failure outside."""
    (tmp_path / "s.csv").write_text("subject,baseline\nP0,soon\nP1,2026-03-02\nP2,2026-03-02\n")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "P1.ics").symlink_to("P1.ics")
    result = run("ics", "--protocol", "alstem", "--subjects", "s.csv", "-o", "out")
    assert result.code == 3
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["P1.ics", "P2.ics"]
    assert [line[:21] for line in result.err.splitlines()] == ["error: s.csv line 2: ", "error: s.csv line 3: "]
    assert "levels of symbolic links" in result.err
    assert result.out.startswith("out: 1 calendar by alstem")


def test_codes_of_64_letters_of_any_script_have_a_file(run: Run, tmp_path: Path) -> None:
    """The name is cut, the calendar is whole."""
    code = "\u754c" * 64
    assert run("ics", *BASE, "--subject", code, *STAMP).code == 0
    (path,) = tmp_path.iterdir()
    assert f"NAME:{code}" in path.read_bytes().replace(b"\r\n ", b"").decode()


@pytest.mark.parametrize("place", ["file/sub", "dangling"])
def test_a_folder_that_cannot_be_one_is_bad_input(run: Run, tmp_path: Path, place: str) -> None:
    """Below a file, or a link to nowhere."""
    (tmp_path / "s.csv").write_text("subject,baseline\nP1,2026-03-02\n")
    (tmp_path / "file").write_text("x")
    (tmp_path / "dangling").symlink_to("nowhere")
    result = run("ics", "--subjects", "s.csv", "-o", place)
    assert result.code == 2
    assert f"{place}: is not a folder" in result.err


def test_a_new_folder_in_a_new_folder_is_made(run: Run, tmp_path: Path) -> None:
    """The folder for the files of a list need not be there."""
    (tmp_path / "s.csv").write_text("subject,baseline\nP1,2026-03-02\n")
    assert run("ics", "--subjects", "s.csv", "-o", "a/b").code == 0
    assert (tmp_path / "a" / "b" / "P1.ics").is_file()


@pytest.mark.parametrize("name", ["", "new/"])
def test_an_output_that_is_no_file_name_is_bad_input(run: Run, tmp_path: Path, name: str) -> None:
    """Nothing is written beside it by a guess."""
    assert run("ics", *BASE, "--subject", "P1", "-o", name).code == 2
    assert run("plan", *BASE, "-o", name).code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_list_without_subjects_is_bad_input(run: Run, tmp_path: Path) -> None:
    """Yesterday's file is not left standing as today's answer in silence."""
    (tmp_path / "s.csv").write_text("subject,baseline\n\n")
    for command in (("plan", "--format", "csv", "-o", "x.csv"), ("ics", "-o", "out")):
        result = run(*command, "--subjects", "s.csv")
        assert result.code == 2
        assert "s.csv: no subjects under the header" in result.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.csv"]


@pytest.mark.parametrize(
    "arguments", [("plan", *BASE), ("plan", *BASE, "--format", "json"), ("--version",), ("protocol", "lint", "alstem")]
)
def test_streams_that_are_closed_full_or_gone(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """A full disk and a reader that went away end with 3, a closed stream goes nowhere; never a traceback."""
    for buffered in ({"PYTHONUNBUFFERED": ""}, {"PYTHONUNBUFFERED": "1"}):
        with Path("/dev/full").open("wb") as full:
            result = trialsched(*arguments, cwd=tmp_path, env=buffered, stdout=full)
        assert result.code == 3
        assert result.err.splitlines()[-1] == "error: No space left on device"
        closed = trialsched(*arguments, cwd=tmp_path, env=buffered, before="exec >&- &&")
        assert (closed.code, closed.raw) == (0, b"")
        assert "Traceback" not in closed.err
        reading, writing = os.pipe()
        os.close(reading)
        gone = trialsched(*arguments, cwd=tmp_path, env=buffered, stdout=writing)
        os.close(writing)
        assert gone.code == 3
        assert "error" not in gone.err
        assert "Exception" not in gone.err


def test_a_closed_standard_error_stops_no_work(tmp_path: Path) -> None:
    """As a scheduler may start it."""
    result = trialsched("ics", *BASE, "--subject", "P1", cwd=tmp_path, before="exec 2>&- &&")
    assert result.code == 0
    assert (tmp_path / "P1.ics").is_file()


def test_standard_output_by_its_name(run: Run) -> None:
    """`-o /dev/stdout` into a pipe writes to the pipe."""
    result = run("plan", *BASE, "--format", "csv", "-o", "/dev/stdout")
    assert result.code == 0
    assert len(result.out.splitlines()) == 18


def test_a_calendar_to_standard_output_says_whom_it_is_for(run: Run) -> None:
    """The bytes go to standard output, the words to standard error."""
    result = run("ics", *BASE, "--subject", "P1", "-o", "-", *STAMP)
    assert result.raw.startswith(b"BEGIN:VCALENDAR")
    assert "17 visits of P1 by alstem 2022-05-03, for site staff, not for the participant" in result.err


def test_a_protocol_with_arms_says_that_none_was_chosen(run: Run) -> None:
    """The visits common to all arms are not the plan of a subject in one."""
    assert "without --arm only the visits common to all arms (A, B)" in run("plan", *BASE, "--protocol", "cycles").err
    assert "--arm" not in run("plan", *BASE, "--protocol", "cycles", "--arm", "A").err


def test_changes_by_another_protocol_say_so(run: Run, tmp_path: Path) -> None:
    """An amendment is seen."""
    run("plan", *BASE, "--format", "json", "-o", "old.json")
    text = (tmp_path / "old.json").read_text("utf-8").replace('"2022-05-03"', '"2027-01-01"')
    (tmp_path / "new.json").write_text(text, "utf-8")
    result = run("changes", "old.json", "new.json")
    assert result.out.splitlines()[0] == "SUBJECT: nothing moves"
    assert len(result.out.splitlines()) == 3  # and a stamp for each
    assert result.err == (
        "note: by another protocol: alstem 2022-05-03, sha256 c2e5fe867d4a, "
        "then alstem 2027-01-01, sha256 c2e5fe867d4a\n"
    )


def test_a_table_never_replaces_a_file_of_data(run: Run, tmp_path: Path) -> None:
    """It is no text of ours."""
    run("plan", *BASE, "--format", "json", "-o", "old.json")
    before = (tmp_path / "old.json").read_bytes()
    assert run("changes", "old.json", "old.json", "-o", "old.json").code == 2
    assert run("plan", *BASE, "-o", "old.json").code == 2
    assert (tmp_path / "old.json").read_bytes() == before


def test_a_study_key_keeps_its_blanks_and_is_read_to_a_bound(run: Run, tmp_path: Path) -> None:
    """Only the line's end is taken off: another key would give other ids for ever."""
    (tmp_path / "key").write_bytes(b" a key \r\n")
    run("ics", *BASE, "--subject", "P1", "--study-key-file", "key")
    (event, *_) = vevents((tmp_path / "P1.ics").read_bytes())
    assert event["UID"] == ical.uid(" a key ", "P1", "SCR1")
    path = tmp_path / "P1.ics"
    path.write_bytes(path.read_bytes().replace(b"-//trialsched//trialsched//EN", b"-//Other//EN"))
    assert run("ics", *BASE, "--subject", "P1", "--study-key-file", "key").code == 0
    assert run("ics", *BASE, "--subject", "P2", "--study-key-file", "/dev/zero").code == 2
    (tmp_path / "long").write_bytes(b"k" * 4097)
    assert run("ics", *BASE, "--subject", "P2", "--study-key-file", "long").code == 2
    (tmp_path / "long").write_bytes(b"k" * 4096)
    assert run("ics", *BASE, "--subject", "P2", "--study-key-file", "long").code == 0


def test_a_lint_of_bad_and_suspicious_documents_ends_with_2(run: Run, tmp_path: Path) -> None:
    """Bad input is worse than a warning; both are said."""
    text = run("protocol", "show", "alstem", "--format", "toml").out.replace("60 days after", "31 days after")
    (tmp_path / "near.toml").write_text(text, "utf-8")
    result = run("protocol", "lint", "near.toml", "gone.toml", "--fail-on", "warning")
    assert result.code == 2
    assert "overlap" in result.out
    assert "gone.toml" in result.err
    assert run("protocol", "lint", "near.toml", "--fail-on", "warning").code == 1


def test_a_lint_of_a_trial_folder_is_of_each_version(run: Run, tmp_path: Path) -> None:
    """Every document that a trial's folder would be read by, in order of names; a folder without any is bad input."""
    text = run("protocol", "show", "alstem", "--format", "toml").out
    for folder in ("trial", "empty"):
        (tmp_path / folder).mkdir()
    (tmp_path / "trial" / "protocol-2.toml").write_text(text.replace("60 days after", "31 days after"), "utf-8")
    (tmp_path / "trial" / "protocol.toml").write_text(text, "utf-8")
    (tmp_path / "trial" / "trial.toml").write_text("no document of a protocol", "utf-8")
    result = run("protocol", "lint", "trial", "cycles")
    lines = [line for line in result.out.splitlines() if not line.startswith("warning")]
    assert result.code == 0
    assert [line.partition(":")[0] for line in lines] == ["trial/protocol-2.toml", "trial/protocol.toml", "cycles"]
    assert "warning: trial/protocol-2.toml: " in result.out
    assert "warning: trial/protocol.toml: " not in result.out
    none = run("protocol", "lint", "empty", "cycles")
    assert (none.code, none.out) == (2, "cycles: cycles 1, 16 visits, 0 warnings\n")
    assert none.err == "error: empty: the folder has no protocol; expected protocol*.toml, one for each version\n"


@pytest.mark.parametrize(("words", "found"), [("--protocol=al", "plain,alstem"), ("--protocol=./m", "file,./m")])
def test_protocols_are_completed(tmp_path: Path, words: str, found: str) -> None:
    """Bundled ids, else files."""
    option, value = words.split("=")
    environment = {"_TRIALSCHED_COMPLETE": "bash_complete", "COMP_WORDS": f"trialsched plan {option} {value}"}
    result = trialsched(cwd=tmp_path, env={**environment, "COMP_CWORD": "3"})
    assert result.out.splitlines() == [found]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_batch_that_is_interrupted_says_how_far_it_came(tmp_path: Path, number: int) -> None:
    """No half-written file stays; the files that are there are whole, and the end is 130."""
    rows = "".join(f"P{n},2026-03-02\n" for n in range(3000))
    (tmp_path / "s.csv").write_text(f"subject,baseline\n{rows}")
    command = [sys.executable, "-m", "trialsched", "ics", "--subjects", "s.csv", "-o", "out"]
    # What was started in the background of a script ignores Ctrl-C, and so would the command.
    heard = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-c", heard, *command]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        out = tmp_path / "out"
        while process.poll() is None and not (out.is_dir() and len(list(out.iterdir())) > 20):
            pass
        process.send_signal(number)
        said, errors = process.communicate()
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "interrupted"
    names = [path.name for path in out.iterdir()]
    assert all(re.fullmatch(r"P[0-9]+\.ics", name) for name in names)
    written = int(said.split()[1])
    assert len(names) - 1 <= written <= len(names)  # one may have been done and not yet counted
    assert all(path.read_bytes().endswith(b"END:VCALENDAR\r\n") for path in out.iterdir())


def test_an_empty_option_beside_a_list_is_not_passed_over(run: Run, tmp_path: Path) -> None:
    """An unset variable of a script is something typed."""
    (tmp_path / "s.csv").write_text("subject,baseline\nP1,2026-03-02\n")
    result = run("plan", "--subjects", "s.csv", "--baseline", "", "--arm", "")
    assert result.code == 2
    assert "--subjects and --arm, --baseline exclude each other" in result.err


def test_the_plans_of_a_folder(run: Run, tmp_path: Path) -> None:
    """Many subjects by the version in force on a day; a bad row is told and the others are planned."""
    folder = tmp_path / "trial"
    folder.mkdir()
    first = run("protocol", "show", "alstem", "--format", "toml").out
    (folder / "protocol-1.toml").write_text(first, "utf-8")
    second = first.replace('version = "2022-05-03"', 'version = "2"\nin_force = 2026-05-01').replace(
        "60 days", "61 days"
    )
    (folder / "protocol-2.toml").write_text(second, "utf-8")
    (folder / "subjects.csv").write_text("subject,baseline\nP1,2026-03-02\nP2,soon\n")
    for day, target in (("2026-04-30", "2026-05-01"), ("2026-05-01", "2026-05-02")):
        result = run("plan", "trial", "--format", "jsonl", "--as-of", day)
        assert result.code == 2
        assert "error: subjects.csv line 3: baseline" in result.err
        (document,) = map(json.loads, result.out.splitlines())
        assert {row["visit"]: row["target"] for row in document["visits"]}["DOSE3"] == target
    assert "use --format jsonl" in run("plan", "trial", "--format", "json").err
    assert "--as-of: read 'soon'" in run("plan", "trial", "--as-of", "soon").err
