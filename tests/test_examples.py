"""The examples, each run as a user would start it; expected dates are worked by hand."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import icalendar
import pytest

import trialsched as ts
from trialsched.compliance import KINDS, STATUSES, Report
from trialsched.trial import load_trial

EXAMPLES = Path(__file__).parents[1] / "examples"

# What the example trial must say as of 2026-07-01, worked out by hand, a subject a block; "." is None.
# Visits: code, version that judges (2 from 2026-05-15, by the day attended, else by 2026-07-01), status, verdict, days
# out of the window, days from the target. The windows lie around day zero, the day on which DOSE1 was given:
# SCR1 -67 to -53, SCR2 none (-14), DOSE2 23 to 37, DOSE3 53 to 67 (version 2: 50 to 70), EOT 83 to 97,
# CALL1 117 to 123, CALL2 131 to 137, CALL3 145 to 151, M06, M09, M12 two weeks around the day of the month.
VISITS = {
    # Day zero 2026-02-02. SCR2 on 20 January, target 19. DOSE3 target 3 April. EOT target 3 May, CALL1 2 June.
    "P01-001": """
        SCR1 1 done in 0 0, SCR2 1 done . . 1, DOSE1 1 done in 0 0, DOSE2 1 done in 0 0, DOSE3 1 done in 0 -2,
        EOT 1 done in 0 2, CALL1 2 done in 0 0, CALL2 2 done in 0 1, CALL3 2 done in 0 -1,
        M06 2 upcoming . . ., M09 2 upcoming . . ., M12 2 upcoming . . .
    """,
    # Day zero 2026-01-13, planned for the 12th. DOSE2 on day 22, DOSE3 on day 70, CALL1 on day 135. M06 from 29 June.
    "P01-002": """
        SCR1 1 done in 0 -1, SCR2 1 done . . -1, DOSE1 1 done in 0 1, DOSE2 1 done out -1 -8, DOSE3 1 done out 3 10,
        EOT 1 done in 0 2, CALL1 2 done out 12 15, CALL2 2 missed . . ., CALL3 2 done in 0 0,
        M06 2 due . . ., M09 2 upcoming . . ., M12 2 upcoming . . .
    """,
    # Day zero 2026-03-16. SCR1 on day -41, SCR2 on day -45, DOSE3 on day 70, EOT on day 92.
    "P01-003": """
        SCR1 1 done out 12 19, SCR2 1 done . . -31, DOSE1 1 done in 0 0, DOSE2 1 done in 0 1, DOSE3 2 done in 0 10,
        EOT 2 done in 0 2, CALL1 2 upcoming . . ., CALL2 2 upcoming . . ., CALL3 2 upcoming . . .,
        M06 2 upcoming . . ., M09 2 upcoming . . ., M12 2 upcoming . . .
    """,
    # Day zero 2025-12-08. SCR1 in October, its window 2 to 16 October. M06 closed on 22 June.
    "P01-004": """
        SCR1 1 done undecided . ., SCR2 1 done . . 0, DOSE1 1 done in 0 0, DOSE2 1 done in 0 1, DOSE3 1 done in 0 -1,
        EOT 1 done in 0 1, CALL1 1 done in 0 0, CALL2 1 done in 0 1, CALL3 1 done in 0 1,
        M06 2 lapsed . . ., M09 2 upcoming . . ., M12 2 upcoming . . .
    """,
    # Day zero 2026-05-25. DOSE2 on day 28, withheld.
    "P01-005": """
        SCR1 1 done in 0 0, SCR2 1 done . . 0, DOSE1 2 done in 0 0, DOSE2 2 done in 0 -2, DOSE3 2 upcoming . . .,
        EOT 2 upcoming . . ., CALL1 2 upcoming . . ., CALL2 2 upcoming . . ., CALL3 2 upcoming . . .,
        M06 2 upcoming . . ., M09 2 upcoming . . ., M12 2 upcoming . . .
    """,
    # Day zero 2026-03-24, planned for the 23rd. Ended on 20 May: DOSE3 was open until 2 June.
    "P01-006": """
        SCR1 1 done in 0 -1, SCR2 1 done . . 0, DOSE1 1 done in 0 1, DOSE2 1 done in 0 1, DOSE3 2 not-expected . . .,
        EOT 2 not-expected . . ., CALL1 2 not-expected . . ., CALL2 2 not-expected . . ., CALL3 2 not-expected . . .,
        M06 2 not-expected . . ., M09 2 not-expected . . ., M12 2 not-expected . . .
    """,
    # Day zero 2026-03-04, planned for the 2nd. DOSE2 closed on 10 April. CALL1 29 June to 5 July, target 2 July.
    "P01-007": """
        SCR1 1 done in 0 2, SCR2 1 done . . 0, DOSE1 1 done in 0 2, DOSE2 2 lapsed . . ., DOSE3 1 done in 0 2,
        EOT 2 done in 0 1, CALL1 2 due . . ., CALL2 2 upcoming . . ., CALL3 2 upcoming . . .,
        M06 2 upcoming . . ., M09 2 upcoming . . ., M12 2 upcoming . . .
    """,
    # Day zero 2026-03-31. DOSE3 on day 85, 24 June; EOT target 29 June, its window to 6 July, not before 8 July.
    "P01-008": """
        SCR1 1 done in 0 -1, SCR2 1 done . . 0, DOSE1 1 done in 0 0, DOSE2 1 done in 0 -1, DOSE3 2 done out 15 25,
        EOT 2 due . . ., CALL1 2 upcoming . . ., CALL2 2 upcoming . . ., CALL3 2 upcoming . . .,
        M06 2 upcoming . . ., M09 2 upcoming . . ., M12 2 upcoming . . .
    """,
    # Day zero 2026-05-27, planned for the 26th. DOSE2 target 26 June, open until 3 July.
    "P01-009": """
        SCR1 1 done in 0 -1, SCR2 1 done . . 1, DOSE1 2 done in 0 1, DOSE2 2 overdue . . ., DOSE3 2 upcoming . . .,
        EOT 2 upcoming . . ., CALL1 2 upcoming . . ., CALL2 2 upcoming . . ., CALL3 2 upcoming . . .,
        M06 2 upcoming . . ., M09 2 upcoming . . ., M12 2 upcoming . . .
    """,
    # Day zero 2026-07-13, provisional: SCR1, on 14 May, and 60 days. SCR2 target 29 June, no window; DOSE1 from 6 July.
    "P01-010": """
        SCR1 1 done in 0 0, SCR2 2 due . . ., DOSE1 2 upcoming . . ., DOSE2 2 upcoming . . ., DOSE3 2 upcoming . . .,
        EOT 2 upcoming . . ., CALL1 2 upcoming . . ., CALL2 2 upcoming . . ., CALL3 2 upcoming . . .,
        M06 2 upcoming . . ., M09 2 upcoming . . ., M12 2 upcoming . . .
    """,
}
# Findings: visit, kind, level, other visit, version, days out, date.
FINDINGS = {
    "P01-001": "",
    "P01-002": """
        DOSE2 early deviation . 1 -1 2026-02-04, DOSE2 too-close note DOSE1 1 -1 2026-02-04,
        DOSE3 late deviation . 1 3 2026-03-24,
        CALL1 late deviation . 2 12 2026-05-28, CALL1 in-other-window note CALL2 2 . 2026-05-28,
        CALL2 missed deviation . 2 . .
    """,
    "P01-003": """
        SCR1 late note . 1 12 2026-02-03,
        SCR2 mode-upgrade note . 1 . 2026-01-30, SCR2 out-of-order note SCR1 1 . 2026-01-30,
        DOSE1 too-close deviation SCR1 1 -1 2026-03-16, EOT wrong-mode deviation . 2 . 2026-06-16
    """,
    "P01-004": """
        DOSE3 duplicate note . 1 . 2026-02-06, M06 lapsed note . 2 . ., M6 unknown-visit note . 2 . 2026-06-09
    """,
    "P01-005": "DOSE2 withheld note . 2 . 2026-06-22",
    "P01-006": "ET after-end note . 2 . 2026-05-27",
    "P01-007": "DOSE2 lapsed note . 2 . .",
    "P01-008": "DOSE3 late deviation . 2 15 2026-06-24, EOT empty-window note . 2 . .",
    "P01-009": "DOSE3 booked-outside note . 2 2 2026-08-07, UNS1 in-the-future note . 2 . 2026-07-15",
    "P01-010": "",
}
AS_OF = date(2026, 7, 1)


@pytest.fixture(scope="module", name="reports")
def _reports() -> dict[str, Report]:
    """Return the report of each subject of the example trial."""
    trial = load_trial(EXAMPLES / "trial")
    assert trial.problems == ()
    found = {}
    for subject in trial.subjects:
        plans = [ts.schedule(protocol, subject) for protocol in trial.protocols]
        found[subject.code] = ts.check(plans, AS_OF, in_force=trial.in_force)
    return found


def lines(*rows: tuple[object, ...]) -> list[str]:
    """Return rows as the tables above have them."""
    return [" ".join("." if value is None else str(value) for value in row) for row in rows]


def table(text: str) -> list[str]:
    """Return the rows of a block of the tables above."""
    return [" ".join(row.split()) for row in text.split(",") if row.strip()]


def test_the_example_trial_says_what_was_worked_out_by_hand(reports: dict[str, Report]) -> None:
    """Every visit and every finding of the ten subjects is the table's."""
    assert list(reports) == list(VISITS) == list(FINDINGS)
    for subject, report in reports.items():
        visits = [(v.code, v.version, v.status, v.verdict, v.days_out, v.days_from_target) for v in report]
        assert lines(*visits) == table(VISITS[subject])
        findings = [(f.visit, f.kind, f.level, f.other, f.version, f.days_out, f.date) for f in report.findings]
        assert lines(*findings) == table(FINDINGS[subject])


def test_the_example_trial_shows_everything(reports: dict[str, Report]) -> None:
    """Each status and each kind of finding is there, both levels of those that have two, and what is provisional."""
    assert {visit.status for report in reports.values() for visit in report} == set(STATUSES)
    assert {finding.kind for report in reports.values() for finding in report.findings} == set(KINDS)
    levels = {(finding.kind, finding.level) for report in reports.values() for finding in report.findings}
    assert {kind for kind, level in levels if (kind, "note") in levels and level == "deviation"} == {
        "late",
        "too-close",
    }
    assert reports["P01-004"]["SCR1"].settled_by == ts.DateRange(date(2025, 10, 2), date(2025, 10, 16))
    assert [code for code, report in reports.items() if any(v.provisional for v in report)] == ["P01-010"]
    assert all(visit.provisional for visit in reports["P01-010"])
    rebooked = reports["P01-005"]["DOSE2"]
    assert (rebooked.outcome, rebooked.attended, rebooked.booked) == ("withheld", date(2026, 6, 22), AS_OF)


def test_the_example_trial_names_its_subjects_in_its_readme() -> None:
    """The page beside the trial has a row for each subject, and every kind and status but what needs no words."""
    text = (EXAMPLES / "trial" / "README.md").read_text("utf-8")
    assert all(f"| {subject} |" in text for subject in VISITS)
    assert [word for word in (*STATUSES, *KINDS) if f"`{word}`" not in text] == []


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


def test_the_command_of_the_readme_of_the_example_trial() -> None:
    """The command on the page beside the trial runs from the repository's folder, and is content with every row."""
    page = (EXAMPLES / "trial" / "README.md").read_text("utf-8")
    (command,) = [line.split() for line in page.splitlines() if line.startswith("    ")]
    assert command[0] == "trialsched"
    done = subprocess.run(
        [sys.executable, "-m", "trialsched", *command[1:]],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
        cwd=EXAMPLES.parent,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.partition(":")[0] for line in done.stdout.splitlines() if line.startswith("P01-")] == list(VISITS)


def test_every_example_is_run_and_typed() -> None:
    """There is a test for each example, and all pass the strict type checker."""
    names = sorted(path.name for path in EXAMPLES.glob("*.py"))
    assert names == ["calendars_for_a_site.py", "one_subject.py", "open_windows.py", "own_protocol.py"]
    assert all(f'"{name}"' in Path(__file__).read_text("utf-8").partition("def test_every")[0] for name in names)
    command = [sys.executable, "-m", "mypy", "--strict", f"--cache-dir={os.devnull}", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=EXAMPLES)
    assert done.returncode == 0, done.stdout
