"""The examples, each run as a user would start it; expected dates are worked by hand."""

import os
import subprocess
import sys
from pathlib import Path

import icalendar

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(folder: Path, *arguments: str, code: int = 0) -> tuple[str, str]:
    """Run an example in a folder and return what it printed, and its errors."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / arguments[0], *arguments[1:]],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def test_one_subject(tmp_path: Path) -> None:
    """The late first dose moves what counts from it, and the booked dose is in the calendar."""
    out, errors = run(tmp_path, "one_subject.py")
    assert errors == ""
    # 2 March + 30 days = 1 April; from 4 March two days later; 2 March + 6 months = 2 September.
    assert "  DOSE2  2026-04-01 Wednesday 2026-03-25..2026-04-08 on-site\n" in out
    assert "  DOSE2  2026-04-01 -> 2026-04-03\n" in out
    assert "  M06    2026-09-02 -> 2026-09-04\n" in out
    assert "  DOSE1" not in out.partition("moves:")[2]
    calendar = icalendar.Calendar.from_ical((tmp_path / "P01-007.ics").read_bytes())
    dose = next(event for event in calendar.walk("VEVENT") if str(event["SUMMARY"]) == "P01-007 DOSE2")
    assert (str(dose.decoded("DTSTART")), str(dose["STATUS"])) == ("2026-04-07", "CONFIRMED")


def test_open_windows(tmp_path: Path) -> None:
    """The windows that share a day with the week, and every bad row of the list."""
    rows = "subject,baseline\nP01-007,2026-03-02\nP01-008,2026-02-30\nP01-009,2026-01-12\n"
    (tmp_path / "subjects.csv").write_text(rows, encoding="utf-8")
    out, errors = run(tmp_path, "open_windows.py", "subjects.csv", "2026-04-06", code=2)
    # Dose 2 of the first: 25 March to 8 April. Month 3 of the last: 12 April, so 5 to 19 April. Nothing else is near.
    assert out.splitlines() == [
        "Windows open from 2026-04-06 to 2026-04-12:",
        "  P01-007 DOSE2  on-site  2026-04-06..2026-04-08 (closes 2026-04-08)",
        "  P01-009 M03    on-site  2026-04-06..2026-04-12 (closes 2026-04-19)",
    ]
    assert errors.startswith("subjects.csv line 3: baseline: ")


def test_own_protocol(tmp_path: Path) -> None:
    """Arms, a limit and a cycle of months from the last day of a month; the document reads back."""
    out, errors = run(tmp_path, "own_protocol.py")
    assert errors == ""
    standard, booster = out.split("booster:")
    # 31 August + 28 days = 28 September; 10 days earlier is the 18th, cut to 31 August + 21 days = 21 September.
    assert "  VAX2  2026-09-28 2026-09-21..2026-10-12\n" in standard
    # 8, 9, 10 and 11 months after 31 August: the last day of each month, never chained.
    for line in ("FU1   2027-04-30", "FU2   2027-05-31", "FU3   2027-06-30", "FU4   2027-07-31"):
        assert line in standard
        assert line in booster
    assert "BOOST" not in standard
    assert "  BOOST 2027-02-28 2027-02-14..2027-03-14\n" in booster
    assert out.endswith("vaccine.toml reads back the same: True True\n")


def test_calendars_for_a_site(tmp_path: Path) -> None:
    """The second run moves, books and cancels in the same events, the third changes nothing."""
    out, errors = run(tmp_path, "calendars_for_a_site.py")
    assert (out, errors) == ("site.ics: 34 visits of 2 subjects, 0 changed\n", "")
    first = (tmp_path / "site.ics").read_bytes()
    out, errors = run(tmp_path, "calendars_for_a_site.py")
    assert errors == ""
    # 2 March + 30 days = 1 April, from 4 March two days later. 9 March + 30 days = 8 April, booked for the day after.
    for line in (
        "P01-007 DOSE2 2026-04-01 \u2192 2026-04-03",
        "P01-008 DOSE2 2026-04-08 \u2192 2026-04-09 09:30 confirmed",
    ):
        assert f"{line}\n" in out
    # Participation ends on 31 July. 9 March + 5 months = 9 August, its window from 2 August: still to come, called off.
    assert "P01-008 M05 2026-08-09 cancelled\n" in out
    assert "P01-008 M04" not in out
    second = (tmp_path / "site.ics").read_bytes()
    uids = [{line for line in data.splitlines() if line.startswith(b"UID:")} for data in (first, second)]
    assert uids[0] == uids[1]
    out, _ = run(tmp_path, "calendars_for_a_site.py")
    assert out == "site.ics: 34 visits of 2 subjects, 0 changed\n"
    assert (tmp_path / "site.ics").read_bytes() == second


def test_every_example_is_run_and_typed() -> None:
    """There is a test for each example, and all pass the strict type checker."""
    names = sorted(path.name for path in EXAMPLES.glob("*.py"))
    assert names == ["calendars_for_a_site.py", "one_subject.py", "open_windows.py", "own_protocol.py"]
    assert all(f'"{name}"' in Path(__file__).read_text("utf-8").partition("def test_every")[0] for name in names)
    command = [sys.executable, "-m", "mypy", "--strict", f"--cache-dir={os.devnull}", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=EXAMPLES)
    assert done.returncode == 0, done.stdout
