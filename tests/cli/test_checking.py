"""`trialsched check`, run as people run it, on the example trial whose answers were worked out by hand."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.shell import Result, trialsched
from trialsched._version import __version__
from trialsched.formats.documents import load_protocol

EXAMPLE = Path(__file__).parents[2] / "examples" / "trial"
AS_OF = ("--as-of", "2026-07-01")
ONE = ("--subject", "P1", "--baseline", "2026-03-02", "--protocol", "alstem")
Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of its own with the example trial in it."""
    shutil.copytree(EXAMPLE, tmp_path / "trial")
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Return a function that runs `check` in that folder."""
    return lambda *arguments, **options: trialsched("check", *arguments, cwd=folder, **options)


def rows(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    """Read CSV as another program does."""
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_a_trial_as_a_table(run: Run) -> None:
    """A head line, rows and findings for each subject, and the sums: 10 subjects of 12 visits, 7 and 14 findings."""
    result = run("trial", *AS_OF)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    heads = [line.partition(":")[0] for line in lines if line.startswith("P01-")]
    assert heads == [f"P01-{number:03}" for number in range(1, 11)]
    assert "10 subjects, 120 visits, 7 deviations, 14 notes" in lines
    assert sum(line.startswith("deviation: ") for line in lines) == 7
    assert sum(line.startswith("note: ") for line in lines) == 14
    assert any(
        line.startswith("deviation: DOSE2 early: attended 2026-02-04, 1 day before its window") for line in lines
    )
    for number in (1, 2):
        protocol = load_protocol(str(EXAMPLE / f"protocol-{number}.toml"))
        stamp = f"as of 2026-07-01; protocol example {number}, sha256 {protocol.fingerprint}; trialsched {__version__}"
        assert stamp in lines


def test_a_trial_as_json(run: Run) -> None:
    """One document of all subjects, with the date from which the amendment is in force at the site."""
    document = json.loads(run("trial", *AS_OF, "--format", "json").out)
    assert (document["schema"], document["as_of"]) == ("trialsched/check/1", "2026-07-01")
    assert [(p["version"], p["in_force"]) for p in document["protocols"]] == [("1", "2025-09-01"), ("2", "2026-05-15")]
    assert len(document["subjects"]) == 10
    found = [
        (finding["level"], subject["subject"]) for subject in document["subjects"] for finding in subject["findings"]
    ]
    assert [who for level, who in found if level == "deviation"] == ["P01-002"] * 4 + ["P01-003"] * 2 + ["P01-008"]


def test_a_trial_as_csv(run: Run) -> None:
    """A row for each visit; with `--findings` one for each finding; with `--excel` as Excel opens it."""
    visits = rows(run("trial", *AS_OF, "--format", "csv").out)
    assert len(visits) == 120
    assert {row["as_of"] for row in visits} == {"2026-07-01"}
    findings = rows(run("trial", *AS_OF, "--format", "csv", "--findings").out)
    assert len(findings) == 21
    excel = run("trial", *AS_OF, "--format", "csv", "--findings", "--excel").raw
    assert excel.startswith(b"\xef\xbb\xbfsubject;visit;kind;")
    assert excel.count(b"\r\n") == excel.count(b"\n") == 22
    assert rows(excel.decode("utf-8-sig"), ";") == findings


def test_a_trial_as_markdown(run: Run) -> None:
    """A heading for each subject, the sums at the end."""
    text = run("trial", *AS_OF, "--format", "markdown").out
    assert text.count("\n## P01-") + text.startswith("## P01-") == 10
    assert "As of 2026-07-01: 10 subjects, 120 visits, 7 deviations, 14 notes." in text


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_the_same_bytes_when_run_again(run: Run, folder: Path, form: str) -> None:
    """A file is what standard output is, and again the same, in another zone, locale and order of hashes."""
    first = run("trial", *AS_OF, "--format", form, "-o", "report")
    assert (first.code, first.out, first.err) == (0, "", "")
    data = (folder / "report").read_bytes()
    assert run("trial", *AS_OF, "--format", form).raw == data
    elsewhere = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONHASHSEED": "4242"}
    assert run("trial", *AS_OF, "--format", form, "-o", "-", env=elsewhere).raw == data


@pytest.mark.parametrize(
    "options", [("json",), ("csv",), ("csv", "--findings"), ("csv", "--excel"), ("csv", "--findings", "--excel")]
)
def test_reports_of_ours_are_replaced(run: Run, folder: Path, options: tuple[str, ...]) -> None:
    """JSON by its generator, CSV by its header (design 10)."""
    command = ("trial", "--format", *options, "-o", "report")
    assert run(*command, *AS_OF).code == 0
    before = (folder / "report").read_bytes()
    assert run(*command, "--as-of", "2026-07-09").code == 0
    assert (folder / "report").read_bytes() != before


@pytest.mark.parametrize("form", ["json", "csv", "table", "markdown"])
def test_a_file_of_somebody_else_is_kept(run: Run, folder: Path, form: str) -> None:
    """It needs `--force`, whatever the format."""
    (folder / "report").write_text("subject,visit,kind,my notes\n")
    refused = run("trial", *AS_OF, "--format", form, "-o", "report")
    assert (refused.code, "--force replaces it" in refused.err) == (2, True)
    assert (folder / "report").read_text() == "subject,visit,kind,my notes\n"
    assert run("trial", *AS_OF, "--format", form, "-o", "report", "--force").code == 0
    assert b"my notes" not in (folder / "report").read_bytes()


@pytest.mark.parametrize(
    ("facts", "asked", "code"),
    [
        (("--attended", "DOSE1=2026-03-12"), "deviation", 1),  # 3 days after its window
        (("--attended", "DOSE1=2026-03-12"), "finding", 1),
        (("--attended", "DOSE1=2026-03-12"), None, 0),
        (("--attended", "SCR1=2025-11-12"), "deviation", 0),  # outside of an assumed window: a note
        (("--attended", "SCR1=2025-11-12"), "finding", 1),
        ((), "finding", 0),
    ],
)
def test_what_to_fail_on(run: Run, facts: tuple[str, ...], asked: str | None, code: int) -> None:
    """`--fail-on` exits with 1 when there is any of what it names; the report is printed all the same."""
    options = () if asked is None else ("--fail-on", asked)
    result = run(*ONE, "--as-of", "2025-11-15", *facts, *options, "--ended", "2025-11-13", "--format", "json")
    assert result.code == code
    document = json.loads(result.out)
    assert [subject["subject"] for subject in document["subjects"]] == ["P1"]


def test_one_subject_by_the_options_of_every_command(run: Run) -> None:
    """The default protocol is said; days out have a sign."""
    result = run(
        *ONE[:4],
        "--as-of",
        "2026-05-10",
        "--attended",
        "DOSE2=2026-04-10",
        "--missed",
        "DOSE3",
        "--withheld",
        "DOSE1=2026-03-02",
    )
    assert (result.code, result.err.count("\n")) == (0, 1)
    assert result.err.startswith("protocol: alstem 2022-05-03, bundled")
    found = {line.split()[0]: line.split() for line in result.out.splitlines() if line.startswith(" ")}
    assert " ".join(found["DOSE1"]) == "DOSE1 done 2026-03-02 Mon 2026-02-23 .. 2026-03-09 2026-03-02 (withheld) 0 0"
    assert " ".join(found["DOSE2"]) == "DOSE2 done 2026-04-01 Wed 2026-03-25 .. 2026-04-08 2026-04-10 +2 +9"
    assert found["DOSE3"][1] == "missed"
    assert "Version" not in found["Visit"]
    assert "1 subject, 17 visits, 2 deviations, 4 notes" in result.out  # withheld; SCR1 to SCR3 lapsed


def test_the_good_rows_are_printed_and_the_bad_ones_told(run: Run, folder: Path) -> None:
    """Every bad row is an error with its line, and 2 wins over 1."""
    visits = (folder / "trial" / "visits.csv").read_text().replace("P01-003,EOT,2026-06-16", "P01-003,EOT,2026-16-06")
    (folder / "trial" / "visits.csv").write_text(
        visits.replace("P01-001,CALL3,,,2026-06-29", "P01-001,CALL3,,,29.06.2026")
    )
    result = run("trial", *AS_OF, "--format", "json", "--fail-on", "deviation")
    assert result.code == 2
    document = json.loads(result.out)
    assert [subject["subject"] for subject in document["subjects"]] == [
        "P01-002",
        *(f"P01-{n:03}" for n in range(4, 11)),
    ]
    errors = result.err.splitlines()
    assert all(line.startswith("error: ") for line in errors)
    assert any("visits.csv line 10" in line for line in errors)
    assert any("visits.csv line 26" in line for line in errors)


def test_when_no_row_is_good_nothing_is_written(run: Run, folder: Path) -> None:
    """The file that is there stays."""
    (folder / "s.csv").write_text("subject,baseline\nP1,never\n")
    result = run("--protocol", "alstem", "--subjects", "s.csv", "--format", "json", "-o", "report.json")
    assert (result.code, result.out) == (2, "")
    assert "s.csv line 2" in result.err
    assert not (folder / "report.json").exists()


@pytest.mark.parametrize("command", ["check", "plan", "worklist", "adherence", "deviations"])
@pytest.mark.parametrize("output", ["mine.txt", "gone/x.txt"])
def test_the_bad_rows_are_told_also_when_the_report_cannot_be_written(folder: Path, command: str, output: str) -> None:
    """All faults at once: whoever mends the one would only then hear of the others."""
    (folder / "mine.txt").write_text("a person's\n")
    (folder / "s.csv").write_text("subject,baseline\nP1,2026-03-02\nP2,never\n")
    period = ("--from", "2026-07-01", "--to", "2026-07-07") if command == "worklist" else ()
    result = trialsched(command, "--subjects", "s.csv", "-o", output, *AS_OF, *period, cwd=folder)
    assert result.code == 2
    assert "error: s.csv line 3: baseline: read 'never'" in result.err
    assert f"error: {output}: " in result.err
    assert (folder / "mine.txt").read_text() == "a person's\n"


def test_the_bad_rows_are_told_also_when_the_disk_is_full(run: Run, folder: Path) -> None:
    """The failure outside is the exit code."""
    (folder / "s.csv").write_text("subject,baseline\nP1,2026-03-02\nP2,never\n")
    result = run("--protocol", "alstem", "--subjects", "s.csv", *AS_OF, "-o", "/dev/full")
    assert (result.code, result.err.splitlines()[0][:21]) == (3, "error: s.csv line 3: ")


def test_what_is_wrong_with_options_protocols_and_lists_is_said_at_once(run: Run, folder: Path) -> None:
    """Rows are read also when nothing can be planned."""
    (folder / "s.csv").write_text("subject,baseline\nP1,2026-03-02\nP2,never\n")
    result = run("--protocol", "nope", "--subjects", "s.csv", "--as-of", "today")
    assert (result.code, result.out) == (2, "")
    assert [line.split(": ")[1] for line in result.err.splitlines()] == ["--as-of", "--protocol nope", "s.csv line 3"]
    result = run("--protocol", "alstem", "--subjects", "s.csv", "--as-of", "today")
    assert [line.split(": ")[1] for line in result.err.splitlines()] == ["--as-of", "s.csv line 3"]


def test_an_empty_word_is_no_folder(run: Run, folder: Path) -> None:
    """As from a variable of a shell that is not set; the working folder is not meant."""
    shutil.copytree(folder / "trial", folder, dirs_exist_ok=True)
    result = run("", *AS_OF)
    assert (result.code, result.out, result.err) == (2, "", "error: TRIAL: read '', expected the folder of a trial\n")


def test_everything_wrong_with_the_command_is_said_at_once(run: Run) -> None:
    """Options that mean nothing with others are no silent wishes."""
    result = run(
        *ONE[2:], "--as-of", "2026-02-30", "--findings", "--excel", "--clinic", "x", "--study-key-file", "y", "-o", "",
        "--max-size", "30",
    )  # fmt: skip
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines() == [
        "error: --output: read '', expected the name of a file",
        "error: --findings needs --format csv",
        "error: --excel needs --format csv",
        "error: --study-key-file needs --calendar",
        "error: --clinic needs --calendar",
        "error: --max-size needs --calendar",
        "error: --as-of: read '2026-02-30', which is no day of the calendar (day is out of range for month)",
    ]


# Calendars that people moved.


@pytest.fixture
def moved(folder: Path) -> Path:
    """Return the calendar of P01-009, DOSE2 dragged to 1 July and DOSE3 to 4 August at 10:30, inside its window."""
    done = trialsched("ics", "trial", *AS_OF, "-o", "out", "--stamp", "2026-06-01T12:00:00Z", cwd=folder)
    assert done.code == 0
    path = folder / "out" / "P01-009.ics"
    data = path.read_bytes()
    for old, new in (
        (b"DTSTART;VALUE=DATE:20260626", b"DTSTART;VALUE=DATE:20260701"),
        (b"DTEND;VALUE=DATE:20260627", b"DTEND;VALUE=DATE:20260702"),
        (b"DTSTART;TZID=Europe/Warsaw:20260807T083000", b"DTSTART;TZID=Europe/Warsaw:20260804T103000"),
        (b"DTEND;TZID=Europe/Warsaw:20260807T123000", b"DTEND;TZID=Europe/Warsaw:20260804T143000"),
    ):
        assert data.count(old) == 1
        data = data.replace(old, new)
    path.write_bytes(data)
    return path


def subject(result: Result, code: str) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return a subject's visits by code, and the kinds of its findings."""
    (found,) = (s for s in json.loads(result.out)["subjects"] if s["subject"] == code)
    return {visit["visit"]: visit for visit in found["visits"]}, [finding["kind"] for finding in found["findings"]]


def test_booked_dates_from_a_calendar_that_people_moved(run: Run, moved: Path) -> None:
    """They are taken before anything is judged, and each is told; the records of the trial stay as they are."""
    before, kinds = subject(run("trial", *AS_OF, "--format", "json"), "P01-009")
    assert (before["DOSE2"]["status"], before["DOSE3"]["booked"]) == ("overdue", "2026-08-07")
    assert kinds == ["booked-outside", "in-the-future"]
    records = (moved.parents[1] / "trial" / "visits.csv").read_bytes()
    result = run("trial", *AS_OF, "--format", "json", "--calendar", "out/P01-009.ics")
    assert result.code == 0
    assert [line for line in result.err.splitlines() if line.startswith("booked: ")] == [
        "booked: P01-009 DOSE2 2026-07-01",
        "booked: P01-009 DOSE3 2026-08-04 10:30, was 2026-08-07 08:30",
    ]
    after, kinds = subject(result, "P01-009")
    assert (after["DOSE2"]["status"], after["DOSE2"]["booked"]) == ("due", "2026-07-01")
    assert (after["DOSE3"]["booked"], after["DOSE3"]["booked_time"]) == ("2026-08-04", "10:30")
    assert kinds == ["in-the-future"]
    assert (moved.parents[1] / "trial" / "visits.csv").read_bytes() == records


def test_several_calendars_are_taken_and_one_that_says_nothing_new_is_not_told(run: Run, moved: Path) -> None:
    """Bookings that stand in the records already are not news."""
    result = run("trial", *AS_OF, "--calendar", "out/P01-007.ics", "--calendar", f"out/{moved.name}")
    assert [line.split()[1] for line in result.err.splitlines() if line.startswith("booked: ")] == ["P01-009"] * 2


def test_what_a_calendar_leaves_open_is_told(run: Run, moved: Path) -> None:
    """Every note of the reading: events of others are passed over, and counted."""
    data = (moved.parent / "P01-008.ics").read_bytes().splitlines(keepends=True)
    other = b"".join(b"UID:somebody-else@example.org\r\n" if line.startswith(b"UID:") else line for line in data)
    begin, end = other.index(b"BEGIN:VEVENT"), other.index(b"END:VEVENT") + len(b"END:VEVENT\r\n")
    mixed = moved.read_bytes().replace(b"END:VCALENDAR", other[begin:end] + b"END:VCALENDAR")
    moved.write_bytes(mixed)
    result = run("trial", *AS_OF, "--calendar", "out/P01-009.ics")
    assert result.code == 0
    assert any(line.startswith("note: ") and "passed over" in line for line in result.err.splitlines())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("trial", "--calendar", "gone.ics"), "error: --calendar gone.ics: No such file or directory"),
        (("trial", "--calendar", "trial/visits.csv"), "error: trial/visits.csv: "),
        ((*ONE[2:], "--calendar", "out/P01-009.ics"), "error: --calendar needs --subject or --subjects"),
        ((*ONE, "--calendar", "out/P01-009.ics"), "is of none of these plans, nor is any other"),
        (
            ("trial", "--calendar", "out/P01-009.ics", "--clinic", "gone.toml"),
            "error: --clinic gone.toml: No such file",
        ),
    ],
)
def test_a_calendar_that_cannot_be_used_is_bad_input(
    run: Run, moved: Path, options: tuple[str, ...], words: str
) -> None:
    """Nothing is judged without the dates that were asked for."""
    assert moved.exists()
    result = run(*options, *AS_OF)
    assert (result.code, result.out) == (2, "")
    assert words in result.err


def test_the_calendar_that_is_wrong_is_named(run: Run, moved: Path) -> None:
    """Of several each that cannot be read, and all where they disagree."""
    torn = moved.parent / "torn.ics"
    torn.write_bytes(moved.read_bytes()[:900])
    files = [word for name in (moved.name, "torn.ics", "P01-007.ics") for word in ("--calendar", f"out/{name}")]
    result = run("trial", *AS_OF, *files, "--calendar", "trial/visits.csv")
    assert (result.code, result.out) == (2, "")
    assert [line.split(": ")[1] for line in result.err.splitlines()] == ["out/torn.ics", "trial/visits.csv"]
    other = moved.parent / "other.ics"
    data = moved.read_bytes().replace(b"DATE:20260702", b"DATE:20260703").replace(b"DATE:20260701", b"DATE:20260702")
    other.write_bytes(data)
    result = run("trial", *AS_OF, "--calendar", "out/P01-009.ics", "--calendar", "out/other.ics")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: out/P01-009.ics, out/other.ics: P01-009 DOSE2: two events of this visit")


def test_a_year_in_a_calendar_that_is_a_slip_is_bad_input(run: Run, moved: Path) -> None:
    """The command line takes years before 1900 and after 2199 for typing errors (design 10)."""
    data = moved.read_bytes().replace(b"DATE:20260701", b"DATE:22000701").replace(b"DATE:20260702", b"DATE:22000702")
    moved.write_bytes(data)
    result = run("trial", *AS_OF, "--calendar", "out/P01-009.ics", "--calendar", "out/P01-007.ics")
    assert (result.code, result.out) == (2, "")
    words = "P01-009 DOSE2: read 2200-07-01: a year before 1900 or after 2199 is taken for a typing error"
    assert result.err == f"error: out/P01-009.ics, out/P01-007.ics: {words}\n"


def test_an_event_that_was_deleted_is_told(run: Run, moved: Path) -> None:
    """An appointment that stands in the records and in no calendar of its subject stays, and somebody has to look."""
    data = moved.read_bytes()
    begin = data.rindex(b"BEGIN:VEVENT", 0, data.index(b"SUMMARY:P01-009 DOSE3"))
    end = data.index(b"END:VEVENT\r\n", begin) + len(b"END:VEVENT\r\n")
    moved.write_bytes(data[:begin] + data[end:])
    result = run("trial", *AS_OF, "--calendar", "out/P01-009.ics", "--format", "json")
    assert result.code == 0
    assert result.err.splitlines() == [
        "note: P01-009 DOSE3: booked for 2026-08-07 08:30, and no calendar given has its event: the booking stays",
        "booked: P01-009 DOSE2 2026-07-01",
    ]
    assert subject(result, "P01-009")[0]["DOSE3"]["booked"] == "2026-08-07"


def test_the_bad_rows_are_told_also_when_the_calendar_is_bad(run: Run, moved: Path) -> None:
    """All faults at once."""
    subjects = (moved.parents[1] / "trial" / "subjects.csv").read_text()
    (moved.parents[1] / "trial" / "subjects.csv").write_text(
        subjects.replace("P01-001,2026-02-02", "P01-001,2026-02-31")
    )
    result = run("trial", *AS_OF, "--calendar", "trial/visits.csv")
    assert result.code == 2
    assert "subjects.csv line 2" in result.err
    assert "error: trial/visits.csv: " in result.err


def test_a_calendar_without_any_good_subject_is_not_asked(run: Run, moved: Path) -> None:
    """The rows are what is wrong then."""
    (moved.parents[1] / "s.csv").write_text("subject,baseline\nP1,never\n")
    result = run("--protocol", "alstem", "--subjects", "s.csv", "--calendar", "out/P01-009.ics", *AS_OF)
    assert (result.code, result.out) == (2, "")
    assert "ics" not in result.err


def test_the_calendars_secret_and_zone(run: Run, folder: Path) -> None:
    """Ids made from a key are found with it; a time in UTC is told in the zone of `--clinic`."""
    (folder / "key").write_text("a secret\n")
    making = ("--study-key-file", "key", "--stamp", "2026-03-01T12:00:00Z", "-o", "c.ics")
    assert trialsched("ics", *ONE, *making, cwd=folder).code == 0
    path = folder / "c.ics"
    utc = path.read_bytes().replace(b"DTSTART;VALUE=DATE:20260401", b"DTSTART:20260402T073000Z")
    path.write_bytes(utc.replace(b"DTEND;VALUE=DATE:20260402", b"DTEND:20260402T083000Z"))
    clinic = ("--clinic", "trial/clinic.toml")
    without = run(*ONE, "--calendar", "c.ics", "--as-of", "2026-03-01", *clinic)
    assert (without.code, "is of none of these plans" in without.err) == (2, True)
    zoneless = run(*ONE, "--calendar", "c.ics", "--as-of", "2026-03-01", "--study-key-file", "key")
    assert (zoneless.code, "the clinic's zone is needed" in zoneless.err) == (2, True)
    result = run(*ONE, "--calendar", "c.ics", "--as-of", "2026-03-01", "--study-key-file", "key", *clinic)
    assert result.err == "booked: P1 DOSE2 2026-04-02 09:30\n"  # Warsaw is two hours ahead after 29 March


def test_the_trials_own_key_and_clinic(run: Run, folder: Path) -> None:
    """`trial.toml` names the key, `clinic.toml` has the zone: nothing has to be typed."""
    (folder / "trial" / "key").write_text("a secret\n")
    settings = folder / "trial" / "trial.toml"
    settings.write_text(
        settings.read_text().replace(
            'schema = "trialsched/trial/1"', 'schema = "trialsched/trial/1"\nstudy_key_file = "key"'
        )
    )
    assert trialsched("ics", "trial", *AS_OF, "-o", "out", cwd=folder).code == 0
    path = folder / "out" / "P01-009.ics"
    data = path.read_bytes().replace(b"DTSTART;VALUE=DATE:20260626", b"DTSTART:20260630T070000Z")
    path.write_bytes(data.replace(b"DTEND;VALUE=DATE:20260627", b"DTEND:20260630T110000Z"))
    result = run("trial", *AS_OF, "--calendar", "out/P01-009.ics")
    assert "booked: P01-009 DOSE2 2026-06-30 09:00\n" in result.err
