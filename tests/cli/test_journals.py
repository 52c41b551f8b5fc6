"""The journal's commands: begin, take in or undo what was done by hand, verify."""

from hashlib import sha256
from pathlib import Path

import pytest

from tests.support.folders import VISITS, Folder
from trialsched.formats import journal

BY_HAND = (
    "trial: changed by hand since line 4 of events.jsonl; nothing is written before "
    "`trialsched journal adopt` takes it in, or `trialsched journal discard` undoes it:"
)

PUT_RIGHT = "trial: nothing is written before these are put right, or undo it all with `trialsched journal discard`"


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Folder:
    """Return a trial's folder, beside which commands run."""
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path, capsys)


@pytest.fixture
def kept(trial: Folder) -> Folder:
    """Return a folder whose journal has four lines: DOSE2 and M03 were recorded, DOSE2 corrected."""
    trial.record("P01-007", "DOSE2", "--attended", "2026-04-14")
    trial.record("P01-007", "M03", "--booked", "2026-06-02T09:00")
    trial.record("P01-007", "DOSE2", "--attended", "2026-04-15", "--reason", "misread")
    assert len(trial.entries()) == 4
    return trial


def adopt(trial: Folder, *, reason: str = "source letter") -> str:
    """Adopt what was changed by hand, and return what is printed."""
    result = trial("journal", "adopt", "trial", "--by", "AN", "--reason", reason)
    assert (result.code, result.err) == (0, "")
    return result.out


def test_init_begins_the_journal_once(trial: Folder) -> None:
    """One line holds the lists, which are not touched; a second time is refused."""
    lists = trial.text("subjects.csv"), trial.text("visits.csv")
    first = trial("journal", "init", "trial", "--by", "AN")
    (entry,) = trial.entries()
    assert first.out == f"trial: 2 subjects, 1 record\nevents.jsonl: 1 line, sha256 of the last {entry.hash}\n"
    assert (first.code, first.err) == (0, "")
    assert (entry.action, entry.by, entry.reason, entry.prev) == ("init", "AN", None, "0" * 64)
    assert trial.replayed() == trial.listed()
    again = trial("journal", "init", "trial", "--by", "AN")
    assert (again.code, again.err) == (2, "error: trial: there is a journal already, of 1 line\n")
    assert lists == (trial.text("subjects.csv"), trial.text("visits.csv"))
    assert trial.entries() == (entry,)


def test_all_but_verify_ask_who(kept: Folder) -> None:
    """Without `--by`, and with a reason of no words, nothing is written."""
    before = kept.text("events.jsonl")
    for command in ("init", "adopt", "discard"):
        assert "Missing option '--by'" in kept("journal", command, "trial", "--reason", "x").err or command == "init"
        assert kept("journal", command, "trial").code == 2
    assert kept("journal", "init", "trial", "--by", " ").err.startswith("error: --by: 1 to 200 characters")
    kept.edit("visits.csv", "2026-04-15", "2026-04-16")
    names = kept.names()
    for command in ("adopt", "discard"):
        blank = kept("journal", command, "trial", "--by", "AN", "--reason", "")
        assert (blank.code, blank.err.startswith("error: --reason: 1 to 2000 characters")) == (2, True)
    assert (kept.text("events.jsonl"), kept.names()) == (before, names)


def test_adopt_asks_why_where_a_recorded_value_changes(kept: Folder) -> None:
    """As `record` does: a new row needs no reason, another day in an old one does."""
    kept.put("visits.csv", kept.text("visits.csv") + "P01-007,M06,2026-09-02,,,,,\n")
    result = kept("journal", "adopt", "trial", "--by", "AN")
    assert (result.code, kept.entries()[-1].reason, kept.entries()[-1].visit) == (0, None, "M06")
    kept.put("visits.csv", kept.text("visits.csv") + "P01-007,M09,2026-12-02,,,,,\n")
    kept.edit("visits.csv", "2026-04-15", "2026-04-16")
    before = kept.text("events.jsonl")
    refused = kept("journal", "adopt", "trial", "--by", "AN")
    assert (refused.code, kept.text("events.jsonl")) == (2, before)
    assert refused.err.splitlines() == [
        "error: --reason is missing: a recorded value changes",
        "error: visits.csv: P01-007 DOSE2: attended: was 2026-04-15, is 2026-04-16",
    ]


def test_discard_asks_for_no_reason(kept: Folder) -> None:
    """No recorded value changes."""
    kept.edit("visits.csv", "2026-04-15", "2026-04-16")
    assert kept("journal", "discard", "trial", "--by", "AN").code == 0
    assert (kept.entries()[-1].action, kept.entries()[-1].reason) == ("discard", None)
    assert "2026-04-15" in kept.text("visits.csv")


def test_rows_that_cannot_be_read_begin_no_journal(trial: Folder) -> None:
    """Bad rows of both lists are told with their lines, and nothing is written."""
    trial.put("subjects.csv", "subject,baseline\nP01-007,2026-03-02\nP01-008,2206-03-09\n")
    trial.put("visits.csv", VISITS + "P01-007,DOSE2,,,04.03.2026,,,\nP01-009,DOSE1,,,1826-03-04,,,\n")
    for arguments in (("journal", "init", "trial"), ("record", "trial", "P01-007", "M03", "--missed")):
        result = trial(*arguments, "--by", "AN")
        assert (result.code, trial.names()) == (2, ["subjects.csv", "visits.csv"])
        lines = result.err.splitlines()
        assert lines[0].startswith("error: subjects.csv line 3: baseline: read 2206-03-09: a year before 1900")
        assert lines[1].startswith("error: visits.csv line 3: attended: read '04.03.2026'")
        assert lines[2].startswith("error: visits.csv line 4: attended: read 1826-03-04")
        assert lines[3:] == [
            "error: visits.csv: subject: no subject 'P01-009' in subjects.csv; expected 'P01-008', the nearest one",
            "error: trial: nothing is written before these are put right",
        ]


def test_what_was_changed_by_hand_is_listed_and_nothing_is_written(kept: Folder) -> None:
    """A changed cell, a new row, a row that is gone, a new subject: each is told, until it is adopted or discarded."""
    kept.edit("visits.csv", "2026-04-15", "2026-04-16")
    kept.edit("visits.csv", "P01-007,M03,2026-06-02,09:00,,,,\n", "P01-008,DOSE1,,,,,missed,\n")
    kept.edit("subjects.csv", "P01-008,2026-03-09\n", "P01-008,2026-03-10\nP01-009,2026-04-01\n")
    files = {name: kept.text(name) for name in kept.names()}
    told = [
        "subjects.csv: P01-008: baseline: was 2026-03-09, is 2026-03-10",
        "subjects.csv: P01-009: baseline: was nothing, is 2026-04-01",
        "subjects.csv: P01-009: baseline_status: was nothing, is planned",
        "visits.csv: P01-007 DOSE2: attended: was 2026-04-15, is 2026-04-16",
        "visits.csv: P01-007 M03: booked: was 2026-06-02, is nothing",
        "visits.csv: P01-007 M03: booked_time: was 09:00, is nothing",
        "visits.csv: P01-008 DOSE1: outcome: was nothing, is missed",
    ]
    result = kept.record("P01-007", "DOSE3", "--attended", "2026-05-14")
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines() == [
        f"error: {BY_HAND}",
        *(f"error: {line}" for line in told),
    ]
    verified = kept.verify()
    assert (verified.code, verified.out.splitlines()[:-1]) == (1, told)
    assert {name: kept.text(name) for name in kept.names()} == files


def test_adopting_takes_hand_edits_in_an_entry_for_each_row(kept: Folder) -> None:
    """Who, why, what was and what is stand in the journal; the lists stay as the person left them."""
    kept.edit("visits.csv", "2026-04-15,,,", "2026-04-16,phone,,x")
    kept.edit("visits.csv", "P01-007,M03,2026-06-02,09:00,,,,\n", "P01-008,DOSE1,,,,,missed,\n")
    kept.edit("subjects.csv", "P01-008,2026-03-09\n", "P01-008,2026-03-10\n")
    lists = kept.text("subjects.csv"), kept.text("visits.csv")
    out = adopt(kept)
    entries = kept.entries()[4:]
    assert [(e.action, e.subject, e.visit, e.by, e.reason) for e in entries] == [
        ("adopt", "P01-008", None, "AN", "source letter"),
        ("adopt", "P01-007", "DOSE2", "AN", "source letter"),
        ("adopt", "P01-007", "M03", "AN", "source letter"),
        ("adopt", "P01-008", "DOSE1", "AN", "source letter"),
    ]
    assert (entries[1].was, entries[1].is_) == (
        {"record": 1, "attended": "2026-04-15"},
        {"record": 1, "attended": "2026-04-16", "mode": "phone", "note": "x"},
    )
    assert (entries[2].is_, entries[3].was) == (None, None)
    assert out.splitlines()[0] == "subjects.csv: P01-008: baseline: was 2026-03-09, is 2026-03-10"
    assert out.splitlines()[-1] == f"events.jsonl: 8 lines, sha256 of the last {entries[-1].hash}"
    assert lists == (kept.text("subjects.csv"), kept.text("visits.csv"))
    assert journal.differences(kept.replayed(), kept.listed()) == ()
    assert kept.verify().code == 0
    assert kept.record("P01-007", "DOSE3", "--attended", "2026-05-14").code == 0
    assert journal.differences(kept.replayed(), kept.listed()) == ()


def test_undoing_the_last_entry_by_hand_is_a_hand_edit(kept: Folder) -> None:
    """Who puts an older copy of a list back is not taken for a machine that stopped."""
    kept.edit("visits.csv", "P01-007,DOSE2,,,2026-04-15,,,\n", "P01-007,DOSE2,,,2026-04-14,,,\n")
    result = kept.record("P01-007", "DOSE3", "--attended", "2026-05-14")
    assert (result.code, "attended: was 2026-04-15, is 2026-04-14" in result.err) == (2, True)


def test_a_list_that_a_spreadsheet_saved_again_is_no_hand_edit(kept: Folder) -> None:
    """Semicolons, CRLF, a mark, fewer columns, another order of rows and columns: the values are the same."""
    kept.put(
        "visits.csv",
        "\ufeffvisit;subject;attended;booked\r\nM03;P01-007;;2026-06-02T09:00\r\n"
        "DOSE2;P01-007;2026-04-15;\r\nDOSE1;P01-007;2026-03-04;\r\n;;;\r\n",
    )
    kept.put("subjects.csv", "subject,baseline\nP01-008,2026-03-09\nP01-007,2026-03-02\n")
    assert kept.verify().code == 0
    assert adopt(kept).startswith("trial: nothing was changed by hand\nevents.jsonl: 4 lines, ")
    assert kept.record("P01-007", "DOSE3", "--attended", "2026-05-14").code == 0
    assert kept.text("visits.csv").startswith("\ufeffsubject;visit;")


def test_a_code_may_be_put_right_in_another_case(kept: Folder) -> None:
    """All rows of the subject follow, and the journal stays one that can be replayed."""
    for name in ("subjects.csv", "visits.csv"):
        kept.put(name, kept.text(name).replace("P01-007", "p01-007"))
    adopt(kept)
    assert kept.verify().code == 0
    assert {row.subject for row in kept.replayed().rows} == {"p01-007"}


def test_edits_of_one_list_are_told_beside_bad_rows_of_the_other(kept: Folder) -> None:
    """What cannot be read hides nothing that can: all of it is listed at once, whatever the command."""
    kept.edit("visits.csv", "2026-04-15", "15 April")
    kept.edit("subjects.csv", "2026-03-09", "2026-03-10")
    for command in (("record", "trial", "P01-007", "DOSE3", "--missed"), ("journal", "adopt", "trial")):
        result = kept(*command, "--by", "AN", "--reason", "x")
        assert result.code == 2
        bad, *others = result.err.splitlines()
        assert bad.startswith("error: visits.csv line 3: attended: read '15 April'")
        assert others == [
            "error: trial: changed by hand since line 4 of events.jsonl:",
            "error: subjects.csv: P01-008: baseline: was 2026-03-09, is 2026-03-10",
            f"error: {PUT_RIGHT}",
        ]


def test_bad_rows_cannot_be_adopted(kept: Folder) -> None:
    """What cannot be read is told, and can be put right or discarded; a list that is gone likewise."""
    kept.edit("visits.csv", "2026-04-15", "15 April")
    result = kept("journal", "adopt", "trial", "--by", "AN", "--reason", "x")
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[0].startswith("error: visits.csv line 3: attended: read '15 April'")
    assert result.err.splitlines()[-1] == f"error: {PUT_RIGHT}"
    assert kept.verify().out.startswith("visits.csv line 3: attended: read '15 April'")
    (kept.path / "subjects.csv").unlink()
    assert "subjects.csv: the file is missing" in kept.verify().out
    assert len(kept.entries()) == 4


def test_discarding_writes_the_lists_as_the_journal_has_them_and_keeps_a_copy(kept: Folder) -> None:
    """Only the list that was changed is written; the copy has a name of its own each time, and its hash is recorded."""
    before = kept.text("visits.csv")
    subjects = kept.text("subjects.csv")
    edited = []
    for number, day in enumerate(("2026-04-16", "nonsense"), 1):
        kept.edit("visits.csv", "2026-04-15", day)
        edited.append(kept.text("visits.csv"))
        result = kept("journal", "discard", "trial", "--by", "BN", "--reason", "not in the source")
        entry = kept.entries()[-1]
        assert (result.code, result.err) == (0, "")
        assert result.out == (
            f"visits.csv: written as the journal has it; the edited one is visits.csv.discarded-{number}\n"
            f"events.jsonl: {4 + number} lines, sha256 of the last {entry.hash}\n"
        )
        digest = sha256(edited[-1].encode()).hexdigest()
        assert (entry.action, entry.subject, entry.by, entry.reason, entry.is_) == (
            "discard", None, "BN", "not in the source",
            {"visits.csv": {"kept": f"visits.csv.discarded-{number}", "sha256": digest}},
        )  # fmt: skip
        assert kept.text("visits.csv") == before
    assert [kept.text(f"visits.csv.discarded-{number}") for number in (1, 2)] == edited
    assert kept.text("subjects.csv") == subjects
    assert kept.verify().code == 0


def test_discarding_brings_back_lists_that_are_gone_or_are_none(kept: Folder) -> None:
    """A list that was taken away has no copy; one that is not UTF-8 is kept octet by octet."""
    (kept.path / "subjects.csv").unlink()
    (kept.path / "visits.csv").write_bytes(b"\xff\xfe\0")
    result = kept("journal", "discard", "trial", "--by", "AN", "--reason", "x")
    assert result.out.startswith(
        "subjects.csv: written as the journal has it; it was gone\n"
        "visits.csv: written as the journal has it; the edited one is visits.csv.discarded-1\n"
    )
    assert (kept.path / "visits.csv.discarded-1").read_bytes() == b"\xff\xfe\0"
    assert kept.replayed() == kept.listed()
    assert kept.entries()[-1].is_ == {
        "subjects.csv": None,
        "visits.csv": {"kept": "visits.csv.discarded-1", "sha256": sha256(b"\xff\xfe\0").hexdigest()},
    }
    nothing = kept("journal", "discard", "trial", "--by", "AN", "--reason", "x")
    assert nothing.out.startswith("trial: nothing was changed by hand\nevents.jsonl: 5 lines, ")


def test_without_a_journal_there_is_nothing_to_adopt_discard_or_verify(trial: Folder) -> None:
    """Each says so, and makes none."""
    for command in ("adopt", "discard"):
        result = trial("journal", command, "trial", "--by", "AN", "--reason", "x")
        assert (result.code, "there is no journal: `trialsched journal init`" in result.err) == (2, True)
    assert (
        trial.verify().err == "error: trial/events.jsonl: there is no journal: `trialsched journal init` begins one\n"
    )
    assert trial.names() == ["subjects.csv", "visits.csv"]


@pytest.mark.parametrize("command", ["verify", "init"])
def test_what_is_no_folder_of_a_trial_is_bad_input(trial: Folder, command: str) -> None:
    """A file, a name that is not there, a folder of anything else: told, and left alone."""
    who = () if command == "verify" else ("--by", "AN")
    last = (
        "empty/events.jsonl: there is no journal"
        if command == "verify"
        else "empty: no folder of a trial: there is no subj"
    )
    (trial.path.parent / "empty").mkdir()
    for name, says in (
        ("trial/visits.csv", "is a file"),
        ("nowhere", "there is none"),
        ("empty", last),
    ):
        result = trial("journal", command, name, *who)
        assert (result.code, says in result.err) == (2, True)
    assert list((trial.path.parent / "empty").iterdir()) == []


def test_verify_prints_count_and_last_hash(kept: Folder) -> None:
    """For a person to keep; the exit code is 0, nothing is written, and no lock is left behind."""
    (kept.path / "events.lock").unlink()
    before = {path.name: path.read_bytes() for path in kept.path.iterdir()}
    last = kept.text("events.jsonl").splitlines()[-1]
    digest = sha256(last.encode()).hexdigest()
    result = kept.verify()
    assert (result.code, result.out, result.err) == (0, f"events.jsonl: 4 lines, sha256 of the last {digest}\n", "")
    assert {path.name: path.read_bytes() for path in kept.path.iterdir()} == before


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"AN"', '"XX"', "line 2: changed after line 3 was written behind it"),
        ("2026-04-14", "2026-04-13", "line 2: changed after line 3"),
        ('"record",', '"record" ,', "line 2: not in canonical form"),
        ('"seq":2', '"seq":3', "line 2: its number is 3 where 2 is due: line 2 is missing"),
        ("}\n", "}", "line 2: no line of JSON"),
    ],
)
def test_verify_names_an_edited_line(kept: Folder, old: str, new: str, says: str) -> None:
    """The second of four lines: exit code 1, and every command that would write refuses with 2."""
    lines = kept.text("events.jsonl").splitlines(keepends=True)
    assert old in lines[1]
    kept.put("events.jsonl", "".join([lines[0], lines[1].replace(old, new), *lines[2:]]))
    before = {name: kept.text(name) for name in kept.names()}
    result = kept.verify()
    assert (result.code, result.out.startswith(f"events.jsonl {says}")) == (1, True)
    assert len(set(result.out.splitlines())) == len(result.out.splitlines())  # nothing is told twice
    for arguments in (("record", "trial", "P01-007", "DOSE3", "--missed"), ("journal", "adopt", "trial"),
                      ("journal", "discard", "trial")):  # fmt: skip
        refused = kept(*arguments, "--by", "AN", "--reason", "x")
        assert (refused.code, refused.err.startswith(f"error: events.jsonl {says}")) == (2, True)
        assert refused.err.endswith("nothing is written to a damaged journal; put it back from a copy\n")
    assert {name: kept.text(name) for name in kept.names()} == before


def test_verify_names_a_missing_line(kept: Folder) -> None:
    """One of the middle, and the first."""
    lines = kept.text("events.jsonl").splitlines(keepends=True)
    kept.put("events.jsonl", "".join(lines[:1] + lines[2:]))
    assert kept.verify().out.startswith("events.jsonl line 2: its number is 3 where 2 is due: line 2 is missing; ")
    kept.put("events.jsonl", "".join(lines[1:]))
    result = kept.verify()
    assert result.out.startswith("events.jsonl line 1: its number is 2 where 1 is due: line 1 is missing; ")
    assert result.code == 1


def test_verify_names_a_torn_line(kept: Folder) -> None:
    """A last line without its end: exit code 1, the line is named with how much there is of it."""
    whole = kept.text("events.jsonl")
    kept.put("events.jsonl", whole[:-20])
    size = len(whole.splitlines()[-1].encode()) - 19
    result = kept.verify()
    assert (result.code, result.out.splitlines()[0]) == (
        1,
        f"events.jsonl line 4: torn: no newline after its {size} bytes",
    )
    kept.put("events.jsonl", whole[:-1])
    assert kept.verify().code == 1
    kept.put("events.jsonl", "")
    assert kept.verify().out.startswith("events.jsonl: has no whole line; ")


def test_verify_names_a_line_that_fits_to_the_chain_but_not_to_what_was(kept: Folder) -> None:
    """A journal that was written anew, hashes and all, is found out where it contradicts itself."""
    change = journal.Change("record", "P01-007", "DOSE2", {"record": 1, "attended": "2026-01-01"}, None)
    entries = kept.entries()
    more = journal.append(entries[-1], [change], at=entries[-1].at, by="XX")
    kept.put("events.jsonl", journal.dumps([*entries, *more]).decode())
    result = kept.verify()
    assert (result.code, result.out.startswith("events.jsonl line 5: was: not what the lines before give")) == (1, True)
    assert kept.record("P01-007", "DOSE3", "--missed").code == 2


def test_expect_finds_a_cut_tail(kept: Folder) -> None:
    """The hash that was kept is that of the last line, of an earlier one, or of none any more: lines were cut off."""
    lines = kept.text("events.jsonl").splitlines(keepends=True)
    digests = [sha256(line[:-1].encode()).hexdigest() for line in lines]
    last = kept.verify("--expect", digests[3])
    assert (last.code, last.out.splitlines()[0]) == (0, "--expect: the sha256 of line 4, the last")
    earlier = kept.verify("--expect", f" {digests[1].upper()} ")
    assert (earlier.code, earlier.out.splitlines()[0]) == (0, "--expect: the sha256 of line 2; 2 lines since")
    kept.put("events.jsonl", "".join(lines[:3]))
    kept.edit("visits.csv", "2026-04-15", "2026-04-14")
    (kept.path / "events.lock").unlink()
    assert kept.verify().code == 0  # nobody can tell without the hash, and without the lock
    cut = kept.verify("--expect", digests[3])
    assert (cut.code, cut.out.splitlines()[0]) == (
        1,
        "--expect: no line has this sha256: lines were cut off or changed since it was kept",
    )
    assert kept.verify("--expect", "f" * 63).code == 2
    assert kept.verify("--expect", "0" * 64).code == 1


def test_verify_notes_a_clock_that_was_put_back(kept: Folder) -> None:
    """A line that is dated before the one above it is told, and is no fault."""
    entries = kept.entries()
    moments = [entries[0].at.replace(year=2020, hour=hour) for hour in (9, 12, 10, 10)]
    again: list[journal.Entry] = []
    for entry, moment in zip(entries, moments, strict=True):
        change = journal.Change(entry.action, entry.subject, entry.visit, entry.was, entry.is_)
        last = again[-1] if again else None
        again += journal.append(last, [change], at=moment, by="AN", reason=entry.reason)
    kept.put("events.jsonl", journal.dumps(again).decode())
    result = kept.verify()
    assert (result.code, result.err) == (0, "note: line 3 is dated before the line above: a clock was put back\n")


def test_verify_names_a_change_without_a_reason(kept: Folder) -> None:
    """A chain that was made again is whole in all its hashes; that a value changed needs a reason all the same."""
    entries = kept.entries()
    again = journal.append(
        None, [journal.Change(e.action, e.subject, e.visit, e.was, e.is_) for e in entries], at=entries[0].at, by="AN"
    )
    kept.put("events.jsonl", journal.dumps(again).decode())
    silent = [entry.seq for entry in entries if entry.reason is not None]
    result = kept.verify()
    assert silent
    assert (result.code, result.out.splitlines()[:-1]) == (
        1,
        [f"events.jsonl line {n}: reason: a recorded value changes or goes, and no reason is given" for n in silent],
    )


@pytest.mark.parametrize("text", ["zone = 1\n", "schema = 'trialsched/trial/1'\ndate_format = 'x'\n", "["])
def test_settings_that_cannot_be_read_are_bad_input(kept: Folder, text: str) -> None:
    """They are no fault of the journal: exit code 2, and nothing is verified."""
    kept.put("trial.toml", text)
    result = kept.verify()
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: trial.toml: ")
