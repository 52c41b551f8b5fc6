"""Controls planted in every field, key and name of every input: none of them reaches the terminal."""

import csv
import io
import json
import os
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import click
import pytest
import tomli_w

from tests.support.folders import Folder
from tests.support.shell import Result, trialsched
from trialsched.cli.commands import cli

# Clears a line, goes up one, rings, goes to the line's beginning, turns the direction of text, hides, forges a line.
CONTROLS = "\x1b[2K\x9b1A\x07\r\x7f\u202e\u2066\u200f\u061c\u2028\u200b\U000e0041"
POISON = f"{CONTROLS}\nFORGED"
QUIET = "\u202e\u2066\u200f\u061c\u200b\U000e0041"  # what a label may hold
ENDLESS = "\u202e" * 20_000
BOUND = 4000 + len("... (99,999,999 characters)")
AS_OF = ("--as-of", "2026-07-01")

PROTOCOL = """
schema = "trialsched/protocol/1"
id = "planted"
version = "1"
title = { en = "A trial", pl = "Badanie" }
sources = ["a source"]
registry_ids = ["NCT0"]
anchor = "DOSE1"
unscheduled = ["UNS*"]
arms = ["A"]
[[visits]]
code = "SCR"
label = { en = "Screening", pl = "Skryning" }
epoch = "screening"
mode = "on-site"
when = "14 days before DOSE1"
assumed_window = "±7 days"
procedures = ["ECG"]
[[visits]]
code = "DOSE1"
epoch = "treatment"
mode = "on-site"
window = "±7 days"
[[visits]]
code = "C{n}"
epoch = "treatment"
mode = "phone"
when = "30 days after DOSE1"
not_before = "20 days after DOSE1"
window = "±3 days"
arms = ["A"]
repeat = { every = "28 days", times = 2, from = "first" }
[[spacing]]
from = "DOSE1"
to = "C1"
at_least = "23 days"
[[eligibility]]
id = "I5"
text = { en = "More than 6 months from diagnosis" }
fact = "diagnosis"
more_than = "6 months"
"""
CLINIC = """
schema = "trialsched/clinic/1"
zone = "Europe/Warsaw"
language = "pl"
[contact]
name = "A clinic"
address = "ul. A 1"
phone = "+48 22 000 00 00"
[durations]
phone = "15 minutes"
DOSE1 = "4 hours"
"""
TRIAL = 'schema = "trialsched/trial/1"\ndate_format = "yyyy-mm-dd"\n[in_force]\n"1" = 2025-01-01\n'
SUBJECTS = "subject,baseline,baseline_status,arm,ended,end_reason,language\n"
SUBJECTS += "P1,2026-03-02,planned,A,2026-06-01,withdrawn,pl\nP2,2026-03-09,,,,,\n"
VISITS = "subject,visit,booked,booked_time,attended,mode,outcome,note\n"
VISITS += "P1,DOSE1,2026-03-02,09:00,2026-03-12,phone,attended,a note\nP1,UNS1,,,2026-03-20,,,\nP2,C1,2026-04-07,,,,,\n"


def unsafe(text: str) -> list[str]:
    """Return the characters of a text that steer a terminal."""
    allowed = {"\n", "\u200c", "\u200d"}
    return [
        f"U+{ord(character):04X}"
        for character in text
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character not in allowed
    ]


def hold(done: Result, what: object, *, lines: bool = True) -> None:
    """Hold what a command printed: nothing steers, nothing forges a line, no line is endless, no traceback."""
    said = f"{what}: {done.out[:300]!r} {done.err[:300]!r}"
    for text in (done.out, done.err):
        assert not unsafe(text), said
        assert not re.search("^FORGED", text, re.MULTILINE), said
        assert "Traceback" not in text, said
    assert all(len(line) <= BOUND for line in done.err.splitlines()), said
    if lines:
        assert all(len(line) <= BOUND for line in done.out.splitlines()), said
    assert done.code in {0, 1, 2, 3}, said


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - of a document
    """Yield the path of every text and every key of a document; a key's path ends with True."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key, True)
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))
    else:
        yield (*path, False)


def planted(document: Any, path: tuple[Any, ...], poison: str) -> Any:  # noqa: ANN401 - a document
    """Return a document with a poison behind a text or a key."""
    document = deepcopy(document)
    *above, last, is_key = path
    inner = document
    for step in above:
        inner = inner[step]
    if is_key:
        inner[f"{last}{poison}"] = inner.pop(last)
    else:
        inner[last] = f"{inner[last]}{poison}"
    return document


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Folder:
    """Return a trial's folder that has every kind of file, beside which commands run."""
    monkeypatch.chdir(tmp_path)
    folder = Folder(tmp_path, capsys)
    for name, text in (("protocol", PROTOCOL), ("clinic", CLINIC), ("trial", TRIAL)):
        folder.put(f"{name}.toml", text)
    folder.put("subjects.csv", SUBJECTS)
    folder.put("visits.csv", VISITS)
    return folder


def every_command(trial: Folder, what: object) -> None:
    """Hold what every command prints of a folder, in every form that is read by people or as JSON."""
    for words in (["plan"], ["check", *AS_OF], ["worklist", *AS_OF], ["adherence", *AS_OF], ["deviations", *AS_OF]):
        forms = ["table", "jsonl" if words[0] == "plan" else "json", "csv", "markdown"]
        if words[0] == "deviations":
            forms.remove("csv")  # a list that is read back: exact, but to a terminal
        for form in forms:
            done = trial(words[0], "trial", *words[1:], "--format", form)
            hold(done, (what, words, form), lines=form in ("table", "markdown"))
            if form in ("json", "jsonl") and done.code == 0:
                assert all(json.loads(line) for line in ([done.out] if form == "json" else done.out.splitlines()))
    hold(trial("ics", "trial", "-o", "calendars", "--force"), (what, "ics"))
    hold(trial("sdtm", "trial", *AS_OF, "-o", "sdtm", "--force"), (what, "sdtm"))
    hold(trial("protocol", "lint", "trial"), (what, "lint"))
    for form in ("table", "toml", "json"):
        hold(trial("protocol", "show", "trial/protocol.toml", "--format", form), (what, form))


@pytest.mark.parametrize("name", ["protocol", "clinic", "trial"])
@pytest.mark.parametrize("poison", [POISON, QUIET, ENDLESS])
def test_every_text_and_key_of_a_document(trial: Folder, name: str, poison: str) -> None:
    """A document with controls in one place is refused with a safe message, or used with safe words."""
    text = {"protocol": PROTOCOL, "clinic": CLINIC, "trial": TRIAL}[name]
    document = tomllib.loads(text)
    for path in places(document):
        trial.put(f"{name}.toml", tomli_w.dumps(planted(document, path, poison)))
        if name == "clinic":
            hold(trial("ics", "trial", "-o", "calendars", "--force"), path)
        else:
            hold(trial("plan", "trial", "--format", "table"), path)


def test_every_command_with_all_labels_planted(trial: Folder) -> None:
    """What a protocol and the lists may hold is printed safely by every command in every form."""
    document = tomllib.loads(PROTOCOL)
    labels = (("title", "en", False), ("visits", 0, "label", "en", False))
    for path in (*labels, ("version", False), ("sources", 0, False)):
        document = planted(document, path, QUIET)
    trial.put("protocol.toml", tomli_w.dumps(document))
    trial.put("trial.toml", tomli_w.dumps({"schema": "trialsched/trial/1", "in_force": {}}))
    trial.put("visits.csv", VISITS.replace("a note", f'"{POISON}"'))
    assert trial("plan", "trial").code == 0
    every_command(trial, "labels")


@pytest.mark.parametrize("poison", [POISON, QUIET, ENDLESS])
@pytest.mark.parametrize("name", ["subjects", "visits"])
def test_every_cell_and_column_of_a_list(trial: Folder, name: str, poison: str) -> None:
    """Of a header, a code, a day, a word."""
    rows = list(csv.reader(io.StringIO({"subjects": SUBJECTS, "visits": VISITS}[name])))
    for row, column in [(row, column) for row in (0, 1) for column in range(len(rows[0]))]:
        poisoned = deepcopy(rows)
        poisoned[row][column] += poison
        out = io.StringIO(newline="")
        csv.writer(out).writerows(poisoned)
        trial.put(f"{name}.csv", out.getvalue())
        hold(trial("check", "trial", *AS_OF), (row, column))


@pytest.mark.parametrize("poison", [POISON, ENDLESS])
def test_every_text_and_key_of_lists_as_json(trial: Folder, poison: str) -> None:
    """Keys that are none, texts that are no dates."""
    record = {"visit": "DOSE1", "booked": "2026-03-02", "booked_time": "09:00", "mode": "phone", "note": "a"}
    subject = {"subject": "P1", "baseline": "2026-03-02", "arm": "A", "language": "pl", "records": [record]}
    document = {"schema": "trialsched/subjects/1", "generator": {"name": "x"}, "subjects": [subject]}
    for path in places(document):
        Path("s.json").write_text(json.dumps(planted(document, path, poison)), encoding="utf-8")
        hold(trial("plan", "--protocol", "trial/protocol.toml", "--subjects", "s.json", "--format", "table"), path)


@pytest.mark.parametrize("poison", [POISON, ENDLESS])
def test_every_text_and_key_of_a_journal(trial: Folder, poison: str) -> None:
    """A tampered line repaints no verdict, whatever it says."""
    trial.put("visits.csv", "subject,visit,attended\nP2,DOSE1,2026-03-09\n")
    assert trial("journal", "init", "trial", "--by", "AN").code == 0
    assert trial.record("P2", "C1", "--booked", "2026-04-08T09:00").code == 0
    first, second = trial.text("events.jsonl").splitlines()
    for path in places(json.loads(second)):
        changed = json.dumps(planted(json.loads(second), path, poison), ensure_ascii=False)
        trial.put("events.jsonl", f"{first}\n{changed}\n")
        done = trial.verify()
        hold(done, path)
        assert done.code in {1, 2}
        hold(trial.record("P2", "C1", "--booked", "2026-04-09"), path)


EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nX-WR-CALNAME:y\r\nBEGIN:VTIMEZONE\r\nTZID:Z\r\nBEGIN:STANDARD\r\n"
    "DTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    "BEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260301T120000Z\r\nDTSTART;TZID=Z:20260402T093000\r\nDURATION:PT1H\r\n"
    "SUMMARY;LANGUAGE=pl:s\r\nRRULE:FREQ=DAILY;COUNT=2\r\nSTATUS:CONFIRMED\r\nSEQUENCE:1\r\nLOCATION:l\r\n"
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.mark.parametrize("ours", [False, True])
def test_every_line_of_a_calendar(trial: Folder, *, ours: bool) -> None:
    """Names of components and properties, parameters and values, of a stranger's event and of one of ours."""
    options = ["--protocol", "trial/protocol.toml", "--baseline", "2026-03-02", "--subject", "P1"]
    assert trial("ics", *options, "-o", "made.ics").code == 0
    made = Path("made.ics").read_bytes().decode().replace("\r\n ", "")
    text = made if ours else EVENT
    start = made.index("BEGIN:VEVENT")
    lines = text.split("\r\n")[: 32 if ours else None]
    poison = CONTROLS.replace("\r", "")
    for number, line in enumerate(lines):
        for changed in (poison + line, line.replace(":", f"{poison}:", 1), line + poison):
            found = "\r\n".join([*lines[:number], changed, *text.split("\r\n")[number + 1 :]])
            if not ours:
                found = found.replace("END:VCALENDAR\r\n", made[start:])
            Path("found.ics").write_bytes(found.encode())
            hold(trial("bookings", *options, "--clinic", "trial/clinic.toml", "found.ics"), changed)
            hold(trial("ics", *options, "--booked", "C1=2026-04-02", "-o", "found.ics"), changed)


@pytest.mark.parametrize("poison", [POISON, ENDLESS])
def test_every_text_and_key_of_a_plan_that_is_compared(trial: Folder, poison: str) -> None:
    """A plan read back from JSON is somebody's file."""
    options = ["plan", "--protocol", "trial/protocol.toml", "--baseline", "2026-03-02", "--subject", "P1"]
    assert trial(*options, "--format", "json", "-o", "new.json").code == 0
    document = json.loads(Path("new.json").read_text(encoding="utf-8"))
    document["visits"] = document["visits"][:1]
    for path in places(document):
        Path("old.json").write_text(json.dumps(planted(document, path, poison)), encoding="utf-8")
        hold(trial("changes", "old.json", "new.json"), path)


@pytest.mark.parametrize("poison", [POISON, QUIET])
def test_every_cell_of_a_deviation_log(trial: Folder, poison: str) -> None:
    """People's cells, the keys of rows, the header."""
    assert trial("deviations", "trial", *AS_OF, "-o", "log.csv").code == 0
    rows = list(csv.reader(io.StringIO(Path("log.csv").read_text(encoding="utf-8"), newline="")))
    assert len(rows) > 1
    for row, column in [(row, column) for row in (0, 1) for column in range(len(rows[0]))]:
        poisoned = deepcopy(rows)
        poisoned[row][column] += poison
        with Path("log.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(poisoned)
        hold(trial("deviations", "trial", *AS_OF, "-o", "log.csv"), (row, column))


NAMES = [f"{CONTROLS}\nFORGED", os.fsdecode(b"\xff\xfe\x9b1A"), "\u202e\u2066x"]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_a_file(trial: Folder, name: str) -> None:
    """Folders, lists, documents, calendars and outputs whose names steer, or are no UTF-8; there or not."""
    protocol, subjects = f"{name}.toml", f"{name}.csv"
    Path(protocol).write_text(PROTOCOL, encoding="utf-8")
    Path(subjects).write_text(SUBJECTS, encoding="utf-8")
    Path(f"bad{protocol}").write_text("x = [", encoding="utf-8")
    Path(f"bad{subjects}").write_text("who\n", encoding="utf-8")
    trial.path.rename(name)
    commands = [
        ["plan", name],
        ["plan", f"{name}/nothing"],
        ["check", name, *AS_OF, "-o", f"{name}.out"],
        ["check", name, *AS_OF, "-o", f"{name}.out"],
        ["check", name, *AS_OF, "-o", f"{name}/none/x"],
        ["ics", name, "-o", f"{name}.d"],
        ["ics", name, "--combined", f"{name}.ics"],
        ["bookings", name, f"{name}.ics"],
        ["bookings", name, f"{name}-none.ics"],
        ["sdtm", name, "-o", f"{name}.sdtm"],
        ["deviations", name, "-o", f"{name}.log"],
        ["journal", "verify", name],
        ["journal", "init", name, "--by", "AN"],
        ["record", name, "P2", "C1", "--booked", "2026-04-08", "--by", "AN"],
        ["protocol", "lint", protocol, f"bad{protocol}", f"{name}-none", name],
        ["protocol", "show", f"bad{protocol}"],
        ["plan", "--protocol", protocol, "--subjects", subjects, "--records", f"{name}-none.csv"],
        ["plan", "--protocol", protocol, "--subjects", f"bad{subjects}"],
        ["ics", "--baseline", "2026-03-02", "--clinic", f"bad{protocol}", "--study-key-file", f"{name}-none"],
        ["changes", f"{name}-none.json", f"bad{protocol}"],
    ]
    for words in commands:
        hold(trial(*words), words)


@pytest.mark.parametrize("poison", [f"{CONTROLS}\nFORGED", os.fsdecode(b"\xff\x9b1A"), "x" * 20_000])
def test_every_word_of_the_environment(tmp_path: Path, poison: str) -> None:
    """Neither we nor the libraries print a variable as it stands; what they warn programmers of is not for people."""
    options = ("--protocol", "alstem", "--baseline", "2026-03-02", "--subject", "P1")
    silent = {"PYTHONWARNINGS": "", "TRIALSCHED_CALDAV_USER": "", "TRIALSCHED_CALDAV_PASSWORD": ""}
    all_at_once = dict.fromkeys(("TZ", "LANG", "HOME", "COLUMNS", "PYTHONTZPATH"), poison)
    done = trialsched("plan", *options, cwd=tmp_path, env={**silent, **all_at_once})
    hold(done, "plan")
    assert (done.code, done.err) == (0, "")
    for name in ("NETRC", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY"):
        address = ("--url", "https://127.0.0.2:9/", "--calendar", "A")
        done = trialsched("push", *options, *address, cwd=tmp_path, env={**silent, name: poison})
        hold(done, name)
        assert done.err.startswith("error: ")


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command with its words."""
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from leaves(inner, (*path, name))
    else:
        yield path, command


COMMANDS = {" ".join(path): command for path, command in leaves(cli)}
NEEDED: dict[str, list[str]] = {
    "record": ["trial", "P2", "C1", "--by", "AN"],
    "push": ["--url", "ftp://cal.example/"],
    "bookings": ["trial", "found.ics"],
}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_and_argument(trial: Folder, name: str) -> None:
    """Whatever is typed in its place; an option's value, an argument, the name of an option."""
    Path("found.ics").write_text(EVENT, encoding="utf-8", newline="")
    for poison in (POISON, f"C1={POISON}", ENDLESS):
        hold(trial(*name.split(), poison), (name, poison))
        hold(trial(*name.split(), f"--{poison}"), (name, poison))
        for option in COMMANDS[name].params:
            if isinstance(option, click.Option) and not option.is_flag:
                words = [*name.split(), *NEEDED.get(name, ["trial"]), option.opts[-1], poison]
                hold(trial(*words), (name, option.opts), lines=False)


def test_the_check_of_the_output_sees_what_steers() -> None:
    """Each kind of character, a forged line and an endless one are found by the check above."""
    good = Result(0, "Łódź 受診\n".encode(), "")
    hold(good, "")
    bad: list[Callable[[], None]] = [
        *(lambda c=c: hold(Result(0, f"a{c}".encode(), ""), "") for c in CONTROLS if not c.isprintable()),
        lambda: hold(Result(0, b"", "FORGED\n"), ""),
        lambda: hold(Result(0, b"", "x" * 5000), ""),
        lambda: hold(Result(1, b"", "Traceback (most"), ""),
    ]
    for one in bad:
        with pytest.raises(AssertionError):
            one()
