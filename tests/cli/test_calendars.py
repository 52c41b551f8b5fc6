"""Calendars as people make and read them on the command line."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import trialsched as ts
from tests.support.calendars import vevents
from tests.support.shell import Result, trialsched
from trialsched.cli import main
from trialsched.formats import documents, ical

BASE = ("--baseline", "2026-03-02", "--subject", "P01-007")
FIRST = ("--stamp", "2026-03-01T12:00:00Z")
THEN = ("--stamp", "2026-03-20T08:30:00Z")
STAFF = "by alstem 2022-05-03, for site staff, not for the participant\n"
DEFAULT = "protocol: alstem 2022-05-03, bundled (the default; choose another with --protocol)\n"
CLINIC = """
schema = "trialsched/clinic/1"
zone = "Europe/Warsaw"
language = "pl"
[contact]
name = "Clinic 3"
phone = "+48 22 123 45 67"
"""
SUBJECTS = "subject,baseline\nP1,2026-03-02\nP2,2026-03-09\n"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs a command in a folder of its own."""
    return lambda *arguments, **options: trialsched(*arguments, cwd=tmp_path, **options)


def test_the_file_that_is_there_is_updated_and_what_moved_is_printed(run: Run, tmp_path: Path) -> None:
    """The same command again: unchanged the first time, then a line for each visit that moved."""
    run("ics", *BASE, *FIRST)
    path = tmp_path / "P01-007.ics"
    first = path.read_bytes()
    again = run("ics", *BASE, *THEN)
    assert again.out == f"P01-007.ics: unchanged; 17 visits of P01-007 {STAFF}"
    assert path.read_bytes() == first
    moved = run("ics", *BASE, *THEN, "--booked", "M18=2027-09-06")
    assert moved.out == (
        f"P01-007.ics: updated; 17 visits of P01-007 {STAFF}  M18 2027-09-02 \u2192 2027-09-06 confirmed\n"
    )
    assert moved.err == DEFAULT
    events = {str(e["SUMMARY"]).split()[-1]: e for e in vevents(path.read_bytes())}
    assert (events["M18"]["SEQUENCE"], events["M12"]["SEQUENCE"]) == (1, 0)
    assert first.partition(b"SUMMARY:P01-007 M18")[0] == path.read_bytes().partition(b"SUMMARY:P01-007 M18")[0]


def test_an_unchanged_file_is_not_touched(run: Run, tmp_path: Path) -> None:
    """Who serves the folder sees no new file where there is nothing new."""
    run("ics", *BASE, *FIRST)
    before = (tmp_path / "P01-007.ics").stat()
    run("ics", *BASE, *THEN)
    after = (tmp_path / "P01-007.ics").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_starting_over_forgets_what_was_exported(run: Run, tmp_path: Path) -> None:
    """`--fresh` writes a first edition; somebody else's file still needs `--force`."""
    run("ics", *BASE, *FIRST)
    path = tmp_path / "P01-007.ics"
    run("ics", *BASE, *THEN, "--booked", "M18=2027-09-06")
    fresh = run("ics", *BASE, *FIRST, "--fresh")
    assert fresh.out.startswith("P01-007.ics: started over; 17 visits")
    assert b"SEQUENCE:1" not in path.read_bytes()
    theirs = b"BEGIN:VEVENT\r\nUID:abc\r\nDTSTART:20260401T100000Z\r\nSUMMARY:Dentist\r\nEND:VEVENT\r\n"
    first = path.read_bytes()
    path.write_bytes(first.replace(b"BEGIN:VEVENT", theirs + b"BEGIN:VEVENT", 1))
    assert run("ics", *BASE, *FIRST, "--fresh").code == 0
    assert path.read_bytes() == first.replace(b"BEGIN:VEVENT", theirs + b"BEGIN:VEVENT", 1)
    path.write_bytes(first[:-200])
    torn = run("ics", *BASE, *FIRST, "--fresh")
    assert (torn.code, path.read_bytes()) == (2, first[:-200])
    assert torn.err.endswith("what other people have in it cannot be kept; --fresh --force replaces all of it\n")
    assert run("ics", *BASE, *FIRST, "--fresh", "--force").code == 0
    assert path.read_bytes() == first
    path.write_text("my notes")
    assert run("ics", *BASE, "--fresh").code == 2
    assert run("ics", *BASE, "--force").code == 0
    assert run("ics", *BASE, "--fresh", "--previous", "P01-007.ics").code == 2


def test_a_folder_may_have_a_name_like_a_file_when_it_is_there(run: Run, tmp_path: Path) -> None:
    """What is refused is to make a folder of such a name."""
    (tmp_path / "s.csv").write_text(SUBJECTS)
    (tmp_path / "kept.ics").mkdir()
    assert run("ics", "--subjects", "s.csv", "-o", "kept.ics", *FIRST).code == 0
    assert sorted(p.name for p in (tmp_path / "kept.ics").iterdir()) == ["P1.ics", "P2.ics"]


@pytest.mark.parametrize("command", [(*BASE, "-o", "x.ics"), ("--subjects", "s.csv", "--combined", "x.ics")])
@pytest.mark.parametrize("there", [True, False])
def test_what_somebody_saves_while_a_calendar_is_made_is_not_lost(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    there: bool,  # noqa: FBT001 - whether there was a file before
) -> None:
    """A calendar program saves between reading and writing: nothing is written, and it is said what to do."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.csv").write_text(SUBJECTS)
    path, update = tmp_path / "x.ics", ical.update
    assert main(["ics", *command, *FIRST]) == 0
    export = path.read_bytes()
    saved: list[bytes] = []
    if not there:
        path.unlink()

    def meanwhile(*arguments: Any, **options: Any) -> ical.Update:  # noqa: ANN401 - those of `update`
        made = update(*arguments, **options)
        saved.append(export.replace(b"TRANSP:", b"COMMENT:%d\r\nTRANSP:" % len(saved), 1))
        path.write_bytes(saved[-1])
        return made

    monkeypatch.setattr(ical, "update", meanwhile)
    assert main(["ics", *command, *THEN, "--alarm", "1d"]) == 2
    said = "error: x.ics: was saved by somebody while it was made again: make it once more\n"
    assert capfd.readouterr().err.endswith(said)
    assert path.read_bytes() == saved[-1]


def test_what_was_exported_before_may_be_elsewhere(run: Run, tmp_path: Path) -> None:
    """`--previous` names a file, or a folder with the subject's file; one that is missing is bad input."""
    run("ics", *BASE, *FIRST, "-o", "old.ics")
    result = run("ics", *BASE, *THEN, "--booked", "M18=2027-09-06", "--previous", "old.ics", "-o", "new.ics")
    assert (result.code, "M18 2027-09-02" in result.out) == (0, True)
    assert b"SEQUENCE:1" in (tmp_path / "new.ics").read_bytes()
    (tmp_path / "before").mkdir()
    (tmp_path / "old.ics").rename(tmp_path / "before" / "P01-007.ics")
    piped = run("ics", *BASE, *THEN, "--booked", "M18=2027-09-06", "--previous", "before", "-o", "-")
    assert piped.raw == (tmp_path / "new.ics").read_bytes()
    assert "  M18 2027-09-02 \u2192 2027-09-06 confirmed\n" in piped.err
    missing = run("ics", *BASE, "--previous", "nowhere.ics")
    assert (missing.code, "--previous nowhere.ics: No such file or directory" in missing.err) == (2, True)


def test_another_subjects_file_and_a_damaged_one_are_refused_and_kept(run: Run, tmp_path: Path) -> None:
    """Subjects are known by UID, not by the name of the file; the message says how to go on."""
    run("ics", *BASE, *FIRST)
    path = tmp_path / "P01-007.ics"
    data = path.read_bytes()
    other = run("ics", "--baseline", "2026-03-02", "--subject", "P01-008", "-o", "P01-007.ics")
    assert other.code == 2
    assert "error: P01-007.ics: none of its events belongs to this subject and study key" in other.err
    assert other.err.endswith("; --fresh starts over\n")
    assert path.read_bytes() == data
    path.write_bytes(data[:-200])
    torn = run("ics", *BASE)
    assert (torn.code, "error: P01-007.ics: not a calendar" in torn.err) == (2, True)
    assert path.read_bytes() == data[:-200]


def test_two_names_of_a_calendar_are_told_with_the_file(run: Run, tmp_path: Path) -> None:
    """Which file, and that it is the calendar's own; no event is to blame."""
    run("ics", *BASE, *FIRST)
    path = tmp_path / "P01-007.ics"
    path.write_bytes(path.read_bytes().replace(b"X-WR-CALNAME:", b"X-WR-CALNAME:ward 3\r\nX-WR-CALNAME:"))
    refused = run("ics", *BASE)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.endswith(
        "error: P01-007.ics: the calendar itself has two X-WR-CALNAME that differ: 'ward 3' and 'P01-007'; "
        "--fresh starts over\n"
    )


def test_what_a_person_changed_in_the_file_is_told(run: Run, tmp_path: Path) -> None:
    """An event that was moved by hand is put back with a note; an alarm stays."""
    run("ics", *BASE, *FIRST)
    path = tmp_path / "P01-007.ics"
    data = path.read_bytes().replace(b"DTSTART;VALUE=DATE:20270902", b"DTSTART;VALUE=DATE:20270901")
    alarm = b"BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT30M\r\nEND:VALARM\r\n"
    path.write_bytes(data.replace(b"END:VEVENT\r\nEND:VCAL", alarm + b"END:VEVENT\r\nEND:VCAL"))
    result = run("ics", *BASE, *THEN)
    assert result.err == (
        f"{DEFAULT}note: P01-007 M18: was moved by hand to 2027-09-01, and is put back to 2027-09-02\n"
    )
    assert alarm in path.read_bytes()


def test_a_folder_of_calendars_is_updated_file_by_file(run: Run, tmp_path: Path) -> None:
    """Who changed is told with the subject; a bad file is named and the others are done."""
    (tmp_path / "s.csv").write_text(SUBJECTS)
    run("ics", "--subjects", "s.csv", "-o", "out", *FIRST)
    same = run("ics", "--subjects", "s.csv", "-o", "out", *THEN)
    assert same.out == f"out: 2 calendars (2 unchanged) {STAFF}"
    (tmp_path / "s.csv").write_text(SUBJECTS.replace("2026-03-09", "2026-03-10"))
    moved = run("ics", "--subjects", "s.csv", "-o", "out", *THEN)
    assert moved.out.startswith("  P2 SCR1 2025-12-09 \u2192 2025-12-10\n")
    assert moved.out.endswith(f"out: 2 calendars (1 unchanged) {STAFF}")
    (tmp_path / "out" / "P1.ics").write_bytes(b"BEGIN:VCALENDAR\r\nPRODID:-//trialsched//trialsched//EN\r\n")
    bad = run("ics", "--subjects", "s.csv", "-o", "out", *THEN)
    assert (bad.code, "error: s.csv line 2: P1.ics: not a calendar" in bad.err) == (2, True)
    assert bad.out == f"out: 1 calendar (1 unchanged) {STAFF}"
    file = run("ics", "--subjects", "s.csv", "-o", "out", "--previous", "s.csv")
    assert (file.code, "of many subjects a folder is meant" in file.err) == (2, True)


def test_one_calendar_for_the_site(run: Run, tmp_path: Path) -> None:
    """`--combined`: every subject's events in one file with categories, updated by the same rules."""
    (tmp_path / "s.csv").write_text(SUBJECTS)
    first = run("ics", "--subjects", "s.csv", "--combined", "site.ics", *FIRST)
    assert first.out == f"site.ics: 34 visits of 2 subjects {STAFF}"
    data = (tmp_path / "site.ics").read_bytes()
    assert data.count(b"CATEGORIES:P1,") == data.count(b"CATEGORIES:P2,") == 17
    (tmp_path / "s.csv").write_text("subject,baseline\nP1,2026-03-02\nP2,never\nP3,2026-03-02\n")
    then = run("ics", "--subjects", "s.csv", "--combined", "site.ics", *THEN)
    assert then.code == 2
    assert "s.csv line 3: baseline" in then.err
    assert then.out.startswith(f"site.ics: updated; 34 visits of 2 subjects {STAFF}  P3 SCR1 added 2025-12-02\n")
    assert data.removesuffix(b"END:VCALENDAR\r\n") in (tmp_path / "site.ics").read_bytes()
    piped = run("ics", "--subjects", "s.csv", "--combined", "-", *THEN)
    assert len(vevents(piped.raw)) == 34


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((*BASE, "--combined", "x.ics"), "--combined needs many subjects"),
        (("--subjects", "s.csv", "--combined", "x.ics", "-o", "out"), "--combined and -o exclude each other"),
        (("--subjects", "s.csv", "--combined", "x.ics", "--audience", "participant"), "would show others' visits"),
        (
            ("--subjects", "s.csv", "-o", "x.ics"),
            (
                "-o x.ics: of many subjects a folder is meant, each subject's file in it, "
                "or --combined x.ics for one calendar of all of them\n"
            ),
        ),
        (("--subjects", "s.csv", "-o", "out/X.ICS"), "-o out/X.ICS: of many subjects a folder is meant"),
        (
            ("--subjects", "s.csv", "-o", "x.ics", "--audience", "participant"),
            "-o x.ics: of many subjects a folder is meant, each subject's file in it\n",
        ),
        ((*BASE, "--alarm", "soon"), "--alarm: read 'soon', expected a time before the event"),
        ((*BASE, "--language", "xx"), "--language: read 'xx', expected"),
        ((*BASE, "--alarm", "1d", "--alarm", "x", "--alarm", "y", "--language", "xx"), "--alarm: read 'y', expected"),
        ((*BASE, "--clinic", "none.toml"), "--clinic none.toml: No such file or directory"),
        ((*BASE, "--clinic", "bad.toml"), "bad.toml: zone: "),
    ],
)
def test_bad_options_are_told_and_nothing_is_written(
    run: Run, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    """Exit code 2, the option named, no file."""
    (tmp_path / "s.csv").write_text(SUBJECTS)
    (tmp_path / "bad.toml").write_text('schema = "trialsched/clinic/1"\nzone = "Warsaw"\n')
    result = run("ics", *options)
    assert (result.code, message in result.err) == (2, True), result.err
    assert "Traceback" not in result.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.toml", "s.csv"]


def test_a_booked_time_needs_the_clinic(run: Run, tmp_path: Path) -> None:
    """With it the event is timed in its zone, in its language; a time that the zone does not have is refused."""
    (tmp_path / "clinic.toml").write_text(CLINIC)
    booked = ("--booked", "M18=2027-09-06T09:30")
    without = run("ics", *BASE, *booked)
    assert (without.code, "error: M18: booked for 2027-09-06 at 09:30: a time needs" in without.err) == (2, True)
    assert run("ics", *BASE, *booked, "--clinic", "clinic.toml", *FIRST).code == 0
    data = (tmp_path / "P01-007.ics").read_bytes().replace(b"\r\n ", b"")
    assert b"DTSTART;TZID=Europe/Warsaw:20270906T093000\r\n" in data
    assert b"BEGIN:VTIMEZONE" in data
    assert "2027-09-06 (poniedziałek)".encode() in data
    assert b"LOCATION:+48 22 123 45 67" in data
    gap = run("ics", *BASE, "--booked", "DOSE2=2026-03-29T02:30", "--clinic", "clinic.toml", "-o", "gap.ics")
    assert gap.code == 2
    assert "01:30 (UTC+01:00) or 03:30 (UTC+02:00)" in gap.err
    assert not (tmp_path / "gap.ics").exists()


def test_a_participants_file_has_its_own_name_and_says_nothing_of_the_trial(run: Run, tmp_path: Path) -> None:
    """`SUBJECT.participant.ics`; numbered visits in words, no code, no id."""
    result = run("ics", *BASE, *FIRST, "--audience", "participant", "--language", "pl", "--alarm", "1d")
    assert result.out == "P01-007.participant.ics: 17 visits of P01-007 by alstem 2022-05-03, for the participant\n"
    data = (tmp_path / "P01-007.participant.ics").read_bytes()
    titles = [str(e["SUMMARY"]) for e in vevents(data)]
    assert titles[9] == "Wizyta 10 z 17"
    assert "Zadzwonimy do Pani/Pana" in str(vevents(data)[7]["DESCRIPTION"])
    assert data.count(b"TRIGGER:-PT15H") == 17
    for word in (b"P01", b"alstem", b"DOSE", b"M06"):
        assert word.lower() not in data.lower()
    assert not (tmp_path / "P01-007.ics").exists()
    (tmp_path / "s.csv").write_text(
        "subject,baseline,language\nP1,2026-03-02,pl\nP2,2026-03-02,en\nP3,2026-03-02,tlh\n"
    )
    many = run("ics", "--subjects", "s.csv", "-o", "out", "--audience", "participant")
    assert many.code == 2
    assert "s.csv line 4: subject.language: read 'tlh', expected" in many.err
    assert "Wizyta 1 z 17" in (tmp_path / "out" / "P1.participant.ics").read_text()
    assert "Visit 1 of 17" in (tmp_path / "out" / "P2.participant.ics").read_text()


def test_a_blind_calendar_has_the_visits_of_all_arms(run: Run, tmp_path: Path) -> None:
    """The two arms' files are the same but for the name of nobody's arm."""
    arms = ("--protocol", "cycles", "--baseline", "2026-03-02", "--subject", "S1", "--audience", "blind", *FIRST)
    result = run("ics", *arms, "--arm", "A")
    assert "note: a blind calendar has only the visits that all arms have\n" in result.err
    assert "for blinded site staff" in result.out
    first = (tmp_path / "S1.blind.ics").read_bytes()
    again = run("ics", *arms, "--arm", "B")
    assert again.out.startswith("S1.blind.ics: unchanged; ")
    assert (tmp_path / "S1.blind.ics").read_bytes() == first


def test_windows_and_feeds_on_request(run: Run, tmp_path: Path) -> None:
    """Each window as an event of its own; how often to read a feed again."""
    run("ics", *BASE, *FIRST, "--windows", "--feed")
    data = (tmp_path / "P01-007.ics").read_bytes()
    assert data.count(b"BEGIN:VEVENT") == 34
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT12H\r\nX-PUBLISHED-TTL:PT12H\r\n" in data


def moved(data: bytes, old: bytes, new: bytes) -> bytes:
    """Return a calendar in which events were dragged from one day to another."""
    assert data.count(b"DTSTART;VALUE=DATE:" + old) == 1
    whole = rb"DTSTART;VALUE=DATE:%s\r\nDTEND;VALUE=DATE:[0-9]+"
    end = (date.fromisoformat(new.decode()) + timedelta(1)).strftime("%Y%m%d").encode()
    return re.sub(whole % old, b"DTSTART;VALUE=DATE:" + new + b"\r\nDTEND;VALUE=DATE:" + end, data)


def test_bookings_are_written_as_records_and_those_outside_are_told(run: Run, tmp_path: Path) -> None:
    """What people moved, as `visits.csv`; what lies outside its window or spacing, or out of order, beside it."""
    run("ics", *BASE, *FIRST)
    path = tmp_path / "P01-007.ics"
    data = moved(moved(path.read_bytes(), b"20260401", b"20260402"), b"20260501", b"20260520")
    path.write_bytes(data)
    result = run("bookings", *BASE, "P01-007.ics")
    assert result.code == 0
    assert result.out == (
        "subject,visit,booked,booked_time,attended,mode,outcome,note\n"
        "P01-007,DOSE2,2026-04-02,,,,,\nP01-007,DOSE3,2026-05-20,,,,,\n"
    )
    # by hand: DOSE3 is 60 days after 2 March, 1 May, with a window of 24 April to 8 May
    assert result.err == (
        f"{DEFAULT}booked-outside: P01-007 DOSE3: booked for 2026-05-20, "
        "12 days after its window 2026-04-24 to 2026-05-08 (±7 days around 2026-05-01): +12 days\n"
    )
    saved = run("bookings", *BASE, "P01-007.ics", "-o", "visits.csv")
    assert saved.code == 0
    assert (tmp_path / "visits.csv").read_bytes() == result.raw
    assert run("bookings", *BASE, "P01-007.ics", "-o", "visits.csv").code == 0
    (tmp_path / "visits.csv").write_bytes(result.raw.replace(b"2026-04-02", b"2026-04-03"))
    assert run("bookings", *BASE, "P01-007.ics", "-o", "visits.csv").code == 2
    assert run("bookings", *BASE, "P01-007.ics", "-o", "visits.csv", "--force").code == 0
    excel = run("bookings", *BASE, "P01-007.ics", "--excel")
    assert (excel.code, excel.raw) == (0, b"\xef\xbb\xbf" + result.raw.replace(b",", b";").replace(b"\n", b"\r\n"))


def test_bookings_go_back_into_the_calendars(run: Run, tmp_path: Path) -> None:
    """The records of moved events are what the next export is made from: it keeps the day and confirms it."""
    (tmp_path / "s.csv").write_text(SUBJECTS)
    run("ics", "--subjects", "s.csv", "-o", "out", *FIRST)
    path = tmp_path / "out" / "P2.ics"
    path.write_bytes(moved(path.read_bytes(), b"20260408", b"20260410"))
    read = run("bookings", "--subjects", "s.csv", "out/P1.ics", "out/P2.ics", "-o", "visits.csv")
    assert (read.code, read.out) == (0, "")
    result = run("ics", "--subjects", "s.csv", "--records", "visits.csv", "-o", "out", *THEN)
    assert result.code == 0
    assert "note" not in result.err
    event = next(e for e in vevents(path.read_bytes()) if str(e["SUMMARY"]) == "P2 DOSE2")
    assert (event["DTSTART"].dt, str(event["STATUS"])) == (date(2026, 4, 10), "CONFIRMED")


def test_bookings_with_times_need_the_clinic_when_the_file_tells_them_in_utc(run: Run, tmp_path: Path) -> None:
    """As Google writes them: 07:30 UTC is 09:30 in Warsaw in April."""
    (tmp_path / "clinic.toml").write_text(CLINIC)
    run("ics", *BASE, *FIRST)
    path = tmp_path / "P01-007.ics"
    data = re.sub(
        rb"DTSTART;VALUE=DATE:20260401\r\nDTEND;VALUE=DATE:20260402",
        b"DTSTART:20260402T073000Z\r\nDTEND:20260402T083000Z",
        path.read_bytes(),
    )
    path.write_bytes(data)
    assert run("bookings", *BASE, "P01-007.ics").code == 2
    result = run("bookings", *BASE, "P01-007.ics", "--clinic", "clinic.toml")
    assert result.out.splitlines()[1] == "P01-007,DOSE2,2026-04-02,09:30,,,,"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (("none.ics",), "none.ics: No such file or directory"),
        (("notes.txt",), "notes.txt: not a calendar"),
        (("other.ics",), "other.ics: UID: the event"),
        (("other.ics", "--previous", "none.ics"), "--previous none.ics: No such file or directory"),
    ],
)
def test_files_that_hold_no_bookings_are_bad_input(
    run: Run, tmp_path: Path, files: tuple[str, ...], message: str
) -> None:
    """A missing file, something else, another subject's calendar."""
    (tmp_path / "notes.txt").write_text("my notes")
    run("ics", "--baseline", "2026-03-02", "--subject", "P9", "-o", "other.ics")
    result = run("bookings", *BASE, *files)
    assert (result.code, result.out, message in result.err) == (2, "", True), result.err
    assert "Traceback" not in result.err


def test_the_broken_calendar_of_several_is_named(run: Run, tmp_path: Path) -> None:
    """The others are not, and a row of a list that is bad is told with it."""
    run("ics", "--baseline", "2026-03-02", "--subject", "P1")
    (tmp_path / "cut.ics").write_bytes((tmp_path / "P1.ics").read_bytes()[:2000])
    result = run("bookings", "--baseline", "2026-03-02", "--subject", "P1", "P1.ics", "cut.ics")
    assert result.code == 2
    (line,) = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert line.startswith("error: cut.ics: ")


def test_all_faults_of_a_calendar_are_told_with_its_name(run: Run, tmp_path: Path) -> None:
    """A line for each visit that cannot be read."""
    run("ics", *BASE)
    path = tmp_path / "P01-007.ics"
    path.write_bytes(re.sub(rb"DTSTART;VALUE=DATE:202604\d\d", b"DTSTART;VALUE=DATE:April", path.read_bytes()))
    result = run("bookings", *BASE, "P01-007.ics")
    assert result.code == 2
    lines = [line[:40] for line in result.err.splitlines() if line.startswith("error: ")]
    assert lines == ["error: P01-007.ics: P01-007 DOSE2: DTSTART"[:40]]
    path.write_bytes(re.sub(rb"DTSTART;VALUE=DATE:202605\d\d", b"DTSTART;VALUE=DATE:May", path.read_bytes()))
    result = run("bookings", *BASE, "P01-007.ics")
    lines = [line.partition(": DTSTART")[0] for line in result.err.splitlines() if line.startswith("error: ")]
    assert lines == ["error: P01-007.ics: P01-007 DOSE2", "error: P01-007.ics: P01-007 DOSE3"]


def test_a_calendar_with_large_attachments_is_read_on_request(run: Run, tmp_path: Path) -> None:
    """Past 20 million bytes it is refused with what helps; --max-size raises that, and what a line may hold."""
    run("ics", *BASE)
    path = tmp_path / "P01-007.ics"
    attached = (
        b"BEGIN:VEVENT\r\nUID:x\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:" + b"A" * 21_000_000 + b"\r\nEND:VEVENT\r\n"
    )
    path.write_bytes(path.read_bytes().replace(b"END:VCALENDAR", attached + b"END:VCALENDAR"))
    refused = run("bookings", *BASE, "P01-007.ics")
    assert refused.code == 2
    assert "P01-007.ics: the file has more than 20,000,000 bytes" in refused.err
    assert "attachments" in refused.err
    read = run("bookings", *BASE, "P01-007.ics", "--max-size", "22")
    assert (read.code, read.out.count("\n")) == (0, 1), read.err
    assert run("bookings", *BASE, "P01-007.ics", "--max-size", "0").code == 2
    check = ("check", *BASE, "--as-of", "2026-03-04", "--calendar", "P01-007.ics")
    assert "P01-007.ics: the file has more than 20,000,000 bytes" in run(*check).err
    assert run(*check, "--max-size", "22").code == 0


def test_a_calendar_with_a_large_attachment_is_updated(run: Run, tmp_path: Path) -> None:
    """What another person attached stays, though it is one line of more than 20 million characters."""
    run("ics", *BASE)
    path = tmp_path / "P01-007.ics"
    attached = (
        b"BEGIN:VEVENT\r\nUID:x\r\nDTSTART;VALUE=DATE:20260501\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:"
        + b"A" * 21_000_000
        + b"\r\nEND:VEVENT\r\n"
    )
    path.write_bytes(path.read_bytes().replace(b"END:VCALENDAR", attached + b"END:VCALENDAR"))
    result = run("ics", *BASE, "--booked", "DOSE2=2026-04-07")
    assert result.code == 0, result.err
    assert "DOSE2 2026-04-01 → 2026-04-07 confirmed" in result.out
    assert attached in path.read_bytes()


def test_without_a_good_subject_only_the_rows_are_told(run: Run, tmp_path: Path) -> None:
    """Nothing is said of calendars that were compared with nobody."""
    run("ics", "--baseline", "2026-03-02", "--subject", "P1")
    (tmp_path / "s.csv").write_text("subject,baseline\nP1,soon\n")
    result = run("bookings", "--subjects", "s.csv", "P1.ics")
    assert (result.code, result.out) == (2, "")
    assert [line[:33] for line in result.err.splitlines() if "protocol:" not in line] == [
        "error: s.csv line 2: baseline: re"
    ]


def test_bookings_say_whose_calendar_it_is(run: Run) -> None:
    """Without a subject there is nothing to match UIDs with."""
    result = run("bookings", "--baseline", "2026-03-02", "x.ics")
    assert (result.code, "--subject or --subjects is missing" in result.err) == (2, True)


def test_languages_of_the_command_are_those_of_the_library(run: Run, tmp_path: Path) -> None:
    """Every language that there is can be asked for."""
    for tag in ical.languages():
        assert run("ics", *BASE, "--language", tag, "-o", f"{tag}.ics").code == 0
        assert (tmp_path / f"{tag}.ics").exists()


def test_a_previous_file_is_there_or_is_told(run: Run, tmp_path: Path) -> None:
    """A folder without the subject's file is bad input, never a silent first edition; of a list it is a note."""
    run("ics", *BASE, *FIRST)
    (tmp_path / "arch").mkdir()
    before = (tmp_path / "P01-007.ics").read_bytes()
    missing = run("ics", *BASE, "--previous", "arch")
    assert (missing.code, "--previous arch/P01-007.ics: No such file" in missing.err) == (2, True)
    assert (tmp_path / "P01-007.ics").read_bytes() == before
    (tmp_path / "s.csv").write_text(SUBJECTS)
    many = run("ics", "--subjects", "s.csv", "-o", "out", "--previous", "arch")
    assert (many.code, "note: arch/P1.ics is not there: P1.ics is a first edition" in many.err) == (0, True)
    (tmp_path / "old.ics").write_bytes(before)
    run("ics", *BASE, *THEN, "--booked", "M18=2027-09-06")
    other = run("ics", *BASE, *THEN, "--previous", "old.ics")
    assert "note: P01-007.ics is made from old.ics; what it held itself is not looked at" in other.err


def test_a_calendar_from_a_program_that_shouts_is_still_ours(run: Run, tmp_path: Path) -> None:
    """UIDs in upper case and another PRODID: updated, not refused."""
    run("ics", *BASE, *FIRST)
    path = tmp_path / "P01-007.ics"
    data = re.sub(rb"UID:[^\r]*", lambda found: b"UID:" + found[0][4:].upper(), path.read_bytes())
    path.write_bytes(data.replace(b"PRODID:-//trialsched//trialsched//EN", b"PRODID:-//X//EN"))
    result = run("ics", *BASE, *THEN, "--booked", "M18=2027-09-06")
    assert (result.code, "M18 2027-09-02" in result.out) == (0, True)
    assert b"SEQUENCE:1" in path.read_bytes()


def test_durations_of_no_visit_are_told(run: Run, tmp_path: Path) -> None:
    """A slip in [durations] would give another length: it is said, and the calendar is made."""
    (tmp_path / "clinic.toml").write_text(f'{CLINIC}[durations]\nDOES2 = "4 hours"\n')
    result = run("ics", *BASE, "--clinic", "clinic.toml")
    assert result.code == 0
    assert "note: [durations] of the clinic: 'DOES2' is no visit of alstem, and is not used" in result.err


def test_a_site_calendar_to_standard_output_tells_what_moved(run: Run, tmp_path: Path) -> None:
    """The lines are on standard error, the bytes on standard output."""
    (tmp_path / "s.csv").write_text(SUBJECTS)
    run("ics", "--subjects", "s.csv", "--combined", "site.ics", *FIRST)
    (tmp_path / "s.csv").write_text(SUBJECTS.replace("2026-03-09", "2026-03-10"))
    piped = run("ics", "--subjects", "s.csv", "--combined", "-", "--previous", "site.ics", *THEN)
    assert "  P2 SCR1 2025-12-09 \u2192 2025-12-10\n" in piped.err


def a_trial(path: Path) -> None:
    """Make a folder of two versions, the second with M06 a day later, with a clinic, a secret key and two subjects."""
    path.mkdir()
    alstem = documents.dumps(ts.load_protocol("alstem"))
    second = alstem.replace("2022-05-03", "2").replace('anchor = "DOSE1"', 'anchor = "DOSE1"\nin_force = 2026-05-01')
    second = second.replace('"6 months after DOSE1"', '"6 months 1 day after DOSE1"')
    site = 'schema = "trialsched/trial/1"\nstudy_key_file = "key"\n[in_force]\n2 = 2026-06-01\n'
    files = {"protocol-1.toml": alstem, "protocol-2.toml": second, "trial.toml": site, "key": "a secret key\n"}
    visits = "subject,visit,booked\nP2,M06,2026-09-09T09:15\n"
    for name, text in {**files, "clinic.toml": CLINIC, "subjects.csv": SUBJECTS, "visits.csv": visits}.items():
        (path / name).write_text(text, "utf-8")


def test_the_calendars_of_a_folder(run: Run, tmp_path: Path) -> None:
    """One for each subject by the version in force, with the folder's key and its clinic's zone for the booked time."""
    a_trial(tmp_path / "trial")
    made = run("ics", "trial/", "-o", "out", *FIRST, "--as-of", "2026-05-31")
    assert (made.code, made.out) == (0, f"out: 2 calendars {STAFF}")
    assert made.err == "protocol: alstem 2022-05-03 (as of 2026-05-31; there are 2022-05-03, 2)\n"
    events = {str(e["UID"]): e for e in vevents((tmp_path / "out" / "P1.ics").read_bytes())}
    assert events[ical.uid("a secret key", "P1", "M06")]["DTSTART"].dt == date(2026, 9, 2)
    booked = {str(e["UID"]): e for e in vevents((tmp_path / "out" / "P2.ics").read_bytes())}
    start = booked[ical.uid("a secret key", "P2", "M06")]["DTSTART"].dt
    assert (start.hour, start.minute, str(start.tzinfo)) == (9, 15, "Europe/Warsaw")
    then = run("ics", "trial", "-o", "out", *THEN, "--as-of", "2026-06-01")
    assert "  P1 M06 2026-09-02 \u2192 2026-09-03\n" in then.out
    assert then.err == "protocol: alstem 2, in force from 2026-06-01 (as of 2026-06-01; there are 2022-05-03, 2)\n"


@pytest.mark.parametrize("to", [("-o", "out"), ("--combined", "site.ics")])
def test_a_folder_without_a_clinic_says_what_to_write(run: Run, tmp_path: Path, to: tuple[str, ...]) -> None:
    """The time stands in visits.csv, the zone that it needs in clinic.toml; the other subject's calendar is made."""
    a_trial(tmp_path / "trial")
    (tmp_path / "trial" / "clinic.toml").unlink()
    remedy = "write clinic.toml in trial (or give --clinic); there is none to guess"
    made = run("ics", "trial", *to, *FIRST, "--as-of", "2026-05-31")
    assert made.code == 2
    assert made.err.splitlines()[1:] == [
        f"error: visits.csv: P2 M06: booked for 2026-09-09 at 09:15: a time needs the clinic's zone: {remedy}"
    ]
    assert "1 calendar " in made.out or "17 visits of 1 subject " in made.out


def test_one_calendar_of_a_folder(run: Run, tmp_path: Path) -> None:
    """`--combined` and the other rules of many subjects hold for those of a folder."""
    a_trial(tmp_path / "trial")
    made = run("ics", "trial", "--combined", "site.ics", *FIRST, "--as-of", "2026-05-31")
    assert made.out == f"site.ics: 34 visits of 2 subjects {STAFF}"
    assert "-o DIR is missing" in run("ics", "trial").err
    assert "would show others' visits" in run("ics", "trial", "--combined", "x.ics", "--audience", "participant").err
    file = run("ics", "trial", "-o", "out", "--previous", "site.ics")
    assert (file.code, "of many subjects a folder is meant" in file.err) == (2, True)


def test_bookings_of_a_folder(run: Run, tmp_path: Path) -> None:
    """The folder stands before the calendars; its key finds the events, its clinic the times."""
    a_trial(tmp_path / "trial")
    day = ("--as-of", "2026-05-31")
    run("ics", "trial", "-o", "out", *FIRST, *day)
    path = tmp_path / "out" / "P1.ics"
    path.write_bytes(path.read_bytes().replace(b"DTSTART;VALUE=DATE:20260902", b"DTSTART;VALUE=DATE:20260903"))
    result = run("bookings", "trial", "out/P1.ics", "out/P2.ics", *day)
    assert result.code == 0
    assert result.out.splitlines()[1:] == ["P1,M06,2026-09-03,,,,,", "P2,M06,2026-09-09,09:15,,,,"]
    none = run("bookings", "trial", *day)
    assert (none.code, none.out) == (2, "")
    assert "error: trial: FILE.ics is missing, after the folder" in none.err
    whose = run("bookings", "out/P1.ics")
    assert (whose.code, "or the trial's folder: whose calendar it is" in whose.err) == (2, True)
    (tmp_path / "trial" / "clinic.toml").write_text("zone = 3\n")
    bad = run("bookings", "trial", "out/P1.ics", *day)
    assert (bad.code, "error: trial: clinic.toml: schema: the key is missing" in bad.err) == (2, True)
