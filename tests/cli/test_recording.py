"""What people record on the command line: what is appended, what is written, what is refused."""

import json
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from tests.support.folders import SUBJECTS, Folder
from trialsched.formats.journal import Row
from trialsched.offsets import PartialDate
from trialsched.subject import Subject, VisitRecord

DOSE1 = Row("P01-007", VisitRecord("DOSE1", attended=date(2026, 3, 4)))


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Folder:
    """Return a trial's folder, beside which commands run."""
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path, capsys)


def records_of(trial: Folder, visit: str) -> list[VisitRecord]:
    """Return the records of a visit of P01-007, which journal and list agree on."""
    state = trial.replayed()
    assert state == trial.listed()
    return [row.record for row in state.rows if (row.subject, row.record.visit) == ("P01-007", visit)]


def test_the_first_record_begins_the_journal_with_the_lists_as_they_are(trial: Folder) -> None:
    """Two lines: the lists before, then what was recorded; the list has both, and the hash to keep is printed."""
    before = trial.listed()
    result = trial.record("P01-007", "DOSE2", "--attended", "2026-04-14")
    first, second = trial.entries()
    assert result.out == (
        "P01-007 DOSE2: attended: was nothing, is 2026-04-14\n"
        f"events.jsonl: 2 lines, sha256 of the last {second.hash}\n"
    )
    late = "attended 2026-04-14, 4 days after its window 2026-03-27 to 2026-04-10 (±7 days around 2026-04-03): +4 days"
    assert (result.code, result.err) == (0, f"warning: P01-007 DOSE2: {late}\n")
    assert (first.action, first.is_) == (
        "init",
        {
            "subjects": [
                {"subject": "P01-007", "baseline": "2026-03-02", "baseline_status": "planned"},
                {"subject": "P01-008", "baseline": "2026-03-09", "baseline_status": "planned"},
            ],
            "records": [{"subject": "P01-007", "visit": "DOSE1", "attended": "2026-03-04"}],
        },
    )
    assert (second.action, second.subject, second.visit, second.was, second.is_, second.by, second.reason) == (
        "record", "P01-007", "DOSE2", None, {"record": 1, "attended": "2026-04-14"}, "AN", None,
    )  # fmt: skip
    assert trial.listed().subjects == before.subjects
    assert trial.listed().rows == (DOSE1, Row("P01-007", VisitRecord("DOSE2", attended=date(2026, 4, 14))))
    assert trial.text("subjects.csv") == SUBJECTS


def test_a_line_has_the_moment_and_nothing_of_the_machine(trial: Folder) -> None:
    """`at` is the clock in UTC; no folder, host or user stands in the journal."""
    before = datetime.now(UTC).replace(microsecond=0)
    trial.record("P01-007", "DOSE2", "--attended", "2026-04-14")
    entry = trial.entries()[1]
    assert before <= entry.at <= datetime.now(UTC)
    assert set(json.loads(entry.line)) == {
        "schema", "seq", "at", "by", "action", "subject", "visit", "was", "is", "reason", "prev",
    }  # fmt: skip
    assert str(trial.path.parent) not in trial.text("events.jsonl")


def test_who_says_so_is_required(trial: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `--by` nothing is written, whoever the system says is there; a blank is nobody."""
    monkeypatch.setenv("USER", "somebody")
    result = trial("record", "trial", "P01-007", "DOSE2", "--attended", "2026-04-14")
    assert (result.code, "Missing option '--by'" in result.err) == (2, True)
    blank = trial("record", "trial", "P01-007", "DOSE2", "--attended", "2026-04-14", "--by", " ")
    assert blank.code == 2
    assert blank.err.startswith("error: --by: 1 to 200 characters on one line")
    already = trial("record", "trial", "P01-007", "DOSE1", "--attended", "2026-03-04", "--by", "")
    assert (already.code, already.out) == (2, "")
    assert trial.names() == ["subjects.csv", "visits.csv"]


def test_who_and_why_are_told_with_all_else(trial: Folder) -> None:
    """Nobody, an empty reason, a stranger, a visit and a day that are none: one message each, all at once."""
    result = trial("record", "trial", "P9", "DOS2", "--attended", "2026-02-30", "--by", "", "--reason", " ")
    assert result.code == 2
    words = [line.split()[1] for line in result.err.splitlines()]
    assert words == ["--by:", "--reason:", "no", "no", "--attended:"]
    assert trial.names() == ["subjects.csv", "visits.csv"]


def test_what_stands_under_a_code_of_no_protocol_can_be_taken_out(trial: Folder) -> None:
    """A row under a wrong code, which was in the list before the journal, is cleared; nothing is added to it."""
    trial.put("visits.csv", trial.text("visits.csv") + "P01-007,M6,,,2026-09-02,,,\n")
    refused = [
        trial.record("P01-007", "M6", "--attended", "2026-09-03", "--reason", "x"),
        trial.record("P01-007", "M6", "--clear", "mode", "--attended", "2026-09-03", "--reason", "x"),
        trial.record("P01-007", "M6", "--record", "1", "--clear", "mode", "--note", "x", "--reason", "x"),
        trial.record("P01-008", "M6", "--clear", "all", "--reason", "x"),
    ]
    assert [result.code for result in refused] == [2, 2, 2, 2]
    assert all("no visit 'M6' in the protocol; expected 'M06'" in result.err for result in refused)
    assert trial.record("P01-007", "M6", "--record", "1", "--clear", "all", "--reason", "is M06").code == 0
    assert trial.record("P01-007", "M06", "--attended", "2026-09-02").code == 0
    assert [row.record.visit for row in trial.listed().rows] == ["DOSE1", "M06"]
    assert trial.verify().code == 0


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--attended", "2026-04-14"), VisitRecord("M03", attended=date(2026, 4, 14))),
        (("--attended", "2026-04"), VisitRecord("M03", attended=PartialDate(2026, 4))),
        (("--attended", "2026"), VisitRecord("M03", attended=PartialDate(2026))),
        (("--booked", "2026-04-14"), VisitRecord("M03", booked=date(2026, 4, 14))),
        (("--booked", "2026-04-14T09:15"), VisitRecord("M03", booked=date(2026, 4, 14), booked_time=time(9, 15))),
        (("--missed",), VisitRecord("M03", outcome="missed")),
        (("--withheld", "2026-04-14"), VisitRecord("M03", attended=date(2026, 4, 14), outcome="withheld")),
        (
            ("--booked", "2026-04-14", "--missed", "--note", " snow; =1+1 "),
            VisitRecord("M03", booked=date(2026, 4, 14), outcome="missed", note=" snow; =1+1 "),
        ),
        (
            ("--attended", "2026-04-14", "--mode", "phone", "--note", "=1+1\nline 2"),
            VisitRecord("M03", attended=date(2026, 4, 14), mode="phone", note="=1+1\nline 2"),
        ),
        (("--note", "z\u0307"), VisitRecord("M03", note="ż")),
    ],
)
def test_every_fact_of_a_visit_is_recorded(trial: Folder, options: tuple[str, ...], expected: VisitRecord) -> None:
    """What is said stands in the journal and in the list, the same."""
    assert trial.record("P01-007", "M03", *options).code == 0
    assert records_of(trial, "M03") == [expected]
    assert trial.verify().code == 0


def test_a_declared_unscheduled_contact_is_recorded_and_a_misspelt_code_is_not(trial: Folder) -> None:
    """The protocol of the folder knows `UNS1`; `DOS2` and a stranger are refused, the nearest named, all at once."""
    assert trial.record("P01-007", "UNS1", "--attended", "2026-04-14").code == 0
    lines = len(trial.entries())
    result = trial.record("P01-07", "DOS2", "--attended", "14.4.2026", "--booked", "2026-04-14T9:15")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "error: no visit 'DOS2' in the protocol; expected 'DOSE2', the nearest one\n"
        "error: no subject 'P01-07'; expected 'P01-007', the nearest one, "
        "or a new one, recorded first with --baseline and without VISIT\n"
        "error: --booked: read '2026-04-14T9:15', expected YYYY-MM-DD or YYYY-MM-DDTHH:MM\n"
        "error: --attended: read '14.4.2026', expected a date as 'YYYY-MM-DD'\n"
    )
    assert len(trial.entries()) == lines


@pytest.mark.parametrize("options", [("--attended", "1899-12-31"), ("--booked", "2200-01-01"), ("--withheld", "1899")])
def test_years_that_are_typing_errors_are_refused(trial: Folder, options: tuple[str, ...]) -> None:
    """Before 1900 and after 2199, as everywhere on the command line."""
    result = trial.record("P01-007", "M03", *options)
    assert (result.code, "is taken for a typing error" in result.err) == (2, True)
    assert trial.record("P01-007", "M03", "--booked", "2199-12-31", "--far-ahead").code == 0


def test_codes_of_any_version_of_the_protocol_are_known(trial: Folder) -> None:
    """A visit that only the amendment has can be recorded."""
    amended = trial.text("protocol.toml").replace('"2022-05-03"', '"2023-01-01"', 1).replace('"M18"', '"M17"')
    trial.put("protocol-2.toml", "in_force = 2023-01-01\n" + amended)
    assert trial.record("P01-007", "M17", "--booked", "2027-08-02").code == 0
    assert trial.record("P01-007", "M18", "--booked", "2027-09-02").code == 0
    assert trial.record("P01-007", "M19", "--booked", "2027-09-02").code == 2


def test_a_change_of_a_recorded_value_needs_a_reason(trial: Folder) -> None:
    """Another date, another outcome, another mode, a note that goes: each is told, and written with its reason only."""
    trial.record("P01-007", "DOSE2", "--attended", "2026-04-14", "--mode", "on-site", "--note", "x")
    for options in (("--attended", "2026-04-15"), ("--missed",), ("--mode", "phone"), ("--note", "y"),
                    ("--note", ""), ("--clear", "mode"), ("--clear", "all")):  # fmt: skip
        result = trial.record("P01-007", "DOSE2", *options)
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith("error: --reason is missing: a recorded value changes\nerror: P01-007 DOSE2: ")
    assert len(trial.entries()) == 2
    result = trial.record("P01-007", "DOSE2", "--attended", "2026-04-15", "--reason", "misread")
    assert result.out.startswith("P01-007 DOSE2: attended: was 2026-04-14, is 2026-04-15\n")
    entry = trial.entries()[2]
    assert (entry.reason, entry.was, entry.is_) == (
        "misread",
        {"record": 1, "attended": "2026-04-14", "mode": "on-site", "note": "x"},
        {"record": 1, "attended": "2026-04-15", "mode": "on-site", "note": "x"},
    )


def test_who_came_and_was_said_to_be_treated_is_not_withheld_without_a_reason(trial: Folder) -> None:
    """An empty outcome beside a day says attended: `withheld` on the same day changes what was recorded."""
    options = ("P01-007", "DOSE1", "--withheld", "2026-03-04")
    refused = trial.record(*options)
    assert (refused.code, refused.err.splitlines()) == (
        2,
        [
            "error: --reason is missing: a recorded value changes",
            "error: P01-007 DOSE1: outcome: was nothing, is withheld",
        ],
    )
    assert trial.record(*options, "--reason", "fever").code == 0


def test_what_only_adds_needs_no_reason(trial: Folder) -> None:
    """A visit that was booked is attended; a note and a mode are added where none was."""
    trial.record("P01-007", "DOSE2", "--booked", "2026-04-14T09:00")
    assert trial.record("P01-007", "DOSE2", "--attended", "2026-04-14").code == 0
    assert trial.record("P01-007", "DOSE2", "--mode", "on-site", "--note", "x").code == 0
    (record,) = records_of(trial, "DOSE2")
    assert (record.booked, record.booked_time, record.attended) == (date(2026, 4, 14), time(9), date(2026, 4, 14))
    gone = trial.record("P01-007", "DOSE2", "--booked", "2026-04-14")
    assert (gone.code, "booked_time: was 09:00, is nothing" in gone.err) == (2, True)


def test_what_is_recorded_so_already_is_not_written_again(trial: Folder) -> None:
    """Who does not know whether it was written says it again: there is no second line, and no reason is asked."""
    trial.record("P01-007", "DOSE2", "--attended", "2026-04-14")
    before = trial.text("events.jsonl")
    result = trial.record("P01-007", "DOSE2", "--attended", "2026-04-14")
    assert (result.code, result.out) == (0, "P01-007 DOSE2: recorded so already, nothing is written\n")
    assert trial.record("P01-007", "--baseline", "2026-03-02").code == 0
    assert trial.record("P01-007", "M03", "--note", "").code == 0
    assert trial.text("events.jsonl") == before


def test_attended_and_missed_clear_each_other(trial: Folder) -> None:
    """As in `Subject`: attended clears missed, missed clears attended and mode, booked clears missed."""
    reason = ("--reason", "asked again")
    trial.record("P01-007", "M03", "--attended", "2026-06-02", "--mode", "phone")
    trial.record("P01-007", "M03", "--missed", *reason)
    assert records_of(trial, "M03") == [VisitRecord("M03", outcome="missed")]
    trial.record("P01-007", "M03", "--attended", "2026-06-03", *reason)
    assert records_of(trial, "M03") == [VisitRecord("M03", attended=date(2026, 6, 3))]
    trial.record("P01-007", "M03", "--missed", *reason)
    trial.record("P01-007", "M03", "--booked", "2026-06-09", *reason)
    assert records_of(trial, "M03") == [VisitRecord("M03", booked=date(2026, 6, 9))]


def test_a_withheld_visit_that_is_booked_or_held_later_is_one_more_contact(trial: Folder) -> None:
    """A later day is a second record; the same day corrects the first, an earlier one must be told."""
    trial.record("P01-007", "DOSE2", "--withheld", "2026-04-02")
    first = VisitRecord("DOSE2", attended=date(2026, 4, 2), outcome="withheld")
    earlier = trial.record("P01-007", "DOSE2", "--attended", "2026-04-01", "--reason", "misread")
    assert earlier.code == 2
    assert earlier.err == (
        "error: P01-007 DOSE2 was withheld on 2026-04-02: --record 1 corrects that, --another is one more\n"
    )
    assert trial.record("P01-007", "DOSE2", "--booked", "2026-04-07").code == 0
    assert records_of(trial, "DOSE2") == [first, VisitRecord("DOSE2", booked=date(2026, 4, 7))]
    trial.record("P01-007", "DOSE3", "--withheld", "2026-05-01")
    assert trial.record("P01-007", "DOSE3", "--attended", "2026-05-02").code == 0
    assert [record.attended for record in records_of(trial, "DOSE3")] == [date(2026, 5, 1), date(2026, 5, 2)]
    trial.record("P01-007", "M03", "--withheld", "2026-06-02")
    assert trial.record("P01-007", "M03", "--attended", "2026-06-02", "--reason", "was given").code == 0
    assert records_of(trial, "M03") == [VisitRecord("M03", attended=date(2026, 6, 2))]
    trial.record("P01-007", "M06", "--withheld", "2026-09-02")
    assert trial.record("P01-007", "M06", "--booked", "2026-09-02").code == 0
    assert len(records_of(trial, "M06")) == 1
    trial.record("P01-007", "M09", "--withheld", "2026-12")
    assert trial.record("P01-007", "M09", "--attended", "2026-12-31").code == 2
    assert trial.record("P01-007", "M09", "--attended", "2027-01-01").code == 0


@pytest.mark.parametrize("later", [("--booked", "2026-04-07T09:15"), ("--attended", "2026-04-07", "--note", "well")])
def test_what_made_a_second_record_may_be_given_once_more(trial: Folder, later: tuple[str, ...]) -> None:
    """Who does not know whether it was written gives the command again: nothing is asked, nothing is written."""
    trial.record("P01-007", "DOSE2", "--withheld", "2026-04-02")
    assert trial.record("P01-007", "DOSE2", *later).code == 0
    before = trial.text("events.jsonl")
    again = trial.record("P01-007", "DOSE2", *later)
    assert (again.code, again.out) == (0, "P01-007 DOSE2: recorded so already, nothing is written\n")
    for unclear in (("--note", "well"), ("--mode", "phone"), ("--missed",), ("--attended", "2026-04-08")):
        assert trial.record("P01-007", "DOSE2", *unclear, "--reason", "x").code == 2
    assert trial.text("events.jsonl") == before


def test_which_of_several_records_is_meant_must_be_told(trial: Folder) -> None:
    """`--record` counts from 1, `--another` is one more; without either the records are listed."""
    trial.record("P01-007", "UNS1", "--attended", "2026-04-14")
    assert trial.record("P01-007", "UNS1", "--another", "--attended", "2026-04-20").code == 0
    unclear = trial.record("P01-007", "UNS1", "--note", "x")
    assert unclear.code == 2
    assert unclear.err == (
        "error: P01-007 UNS1 has 2 records: --record says which is meant, --another one more\n"
        "error: --record 1: UNS1 attended 2026-04-14\n"
        "error: --record 2: UNS1 attended 2026-04-20\n"
    )
    second = trial.record("P01-007", "UNS1", "--record", "2", "--note", "x")
    assert second.out.startswith("P01-007 UNS1 (record 2): note: was nothing, is x\n")
    assert [record.note for record in records_of(trial, "UNS1")] == [None, "x"]
    beyond = trial.record("P01-007", "UNS1", "--record", "3", "--note", "x")
    assert (beyond.code, beyond.err) == (2, "error: --record: P01-007 UNS1 has 2 records, read 3\n")
    assert trial.record("P01-007", "UNS1", "--record", "1", "--clear", "all", "--reason", "twice").code == 0
    assert [record.note for record in records_of(trial, "UNS1")] == ["x"]


def test_what_was_recorded_is_taken_out(trial: Folder) -> None:
    """`--clear` takes a value out, and the record with the last of them; `all` takes the record out."""
    reason = ("--reason", "another subject's")
    trial.record("P01-007", "M03", "--booked", "2026-06-02T09:00", "--withheld", "2026-06-03", "--note", "x")
    trial.record("P01-007", "M03", "--clear", "booked", "--clear", "attended", *reason)
    assert records_of(trial, "M03") == [VisitRecord("M03", note="x")]
    out = trial.record("P01-007", "M03", "--clear", "note", *reason).out
    assert out.startswith("P01-007 M03: note: was x, is nothing\n")
    assert records_of(trial, "M03") == []
    trial.record("P01-007", "DOSE1", "--clear", "all", *reason)
    assert records_of(trial, "DOSE1") == []
    trial.record("P01-007", "M03", "--missed")
    trial.record("P01-007", "M03", "--clear", "outcome", "--booked", "2026-06-05", *reason)
    assert records_of(trial, "M03") == [VisitRecord("M03", booked=date(2026, 6, 5))]
    nothing = trial.record("P01-007", "M06", "--clear", "all", *reason)
    assert (nothing.code, nothing.err) == (2, "error: --clear: P01-007 M06 has no record\n")
    another = trial.record("P01-007", "M03", "--another", "--clear", "note", *reason)
    assert (another.code, "none in a record that is new" in another.err) == (2, True)


def test_facts_of_a_subject_are_recorded_without_a_visit(trial: Folder) -> None:
    """A new subject with its baseline, then the end; a change of either needs a reason; `visits.csv` is not touched."""
    visits = trial.text("visits.csv")
    new = trial.record("P01-009", "--provisional-baseline", "2026-05-04", "--language", "pl")
    assert new.out.startswith(
        "P01-009: baseline: was nothing, is 2026-05-04\n"
        "P01-009: baseline_status: was nothing, is provisional\n"
        "P01-009: language: was nothing, is pl\n"
    )
    assert trial.record("P01-009", "--baseline", "2026-05-04").code == 2
    assert trial.record("P01-009", "--baseline", "2026-05-05", "--reason", "fixed").code == 0
    assert trial.record("P01-009", "--ended", "2026-06-01").code == 0
    assert trial.record("P01-009", "--end-reason", "withdrawn").code == 0
    assert trial.record("P01-009", "--ended", "2026-06-02").code == 2
    expected = Subject("P01-009", date(2026, 5, 5), ended=date(2026, 6, 1), end_reason="withdrawn", language="pl")
    assert trial.replayed().subjects[2] == expected
    assert trial.listed() == trial.replayed()
    assert trial.record("P01-009", "--clear", "ended", "--reason", "stays").code == 0
    assert (trial.replayed().subjects[2].ended, trial.replayed().subjects[2].end_reason) == (None, None)
    assert trial.entries()[-1].visit is None
    assert trial.text("visits.csv") == visits


def test_subjects_that_cannot_be_are_refused(trial: Folder) -> None:
    """A stranger without a baseline, a code that differs by case, an arm of no protocol, a reason without an end."""
    stranger = trial.record("P01-0007", "--ended", "2026-06-01")
    assert stranger.err == (
        "error: no subject 'P01-0007'; expected 'P01-007', the nearest one, or --baseline for a new one\n"
    )
    same = trial.record("p01-007", "--baseline", "2026-03-02")
    assert "there is 'P01-007': codes that are equal but for case are one" in same.err
    arm = trial.record("P01-007", "--arm", "A")
    assert arm.err == "error: --arm: the protocol has no arm 'A'; its arms: none\n"
    language = trial.record("P01-007", "--language", "", "--ended", "2026-06-01")
    assert (language.code, "language" in language.err) == (2, True)
    reason = trial.record("P01-007", "--end-reason", "death")
    assert "the reason 'death' without the day of the end" in reason.err
    blank = trial.record(" ", "--baseline", "2026-03-02")
    assert [r.code for r in (stranger, same, arm, reason, blank)] == [2] * 5
    assert trial.names() == ["subjects.csv", "visits.csv"]


def test_an_arm_of_the_protocol_is_recorded(trial: Folder) -> None:
    """The arms of any version are known."""
    trial.put("protocol.toml", 'arms = ["A", "B"]\n' + trial.text("protocol.toml"))
    assert trial.record("P01-007", "--arm", "B").code == 0
    assert trial.replayed().subjects[0].arm == "B"
    assert trial.record("P01-007", "--clear", "arm", "--reason", "not yet").code == 0
    assert trial.listed().subjects[0].arm is None


def test_an_arm_may_be_typed_in_the_other_form_of_its_letters(trial: Folder) -> None:
    """A letter and its accent apart, as some keyboards give them, are the letter that the protocol has."""
    trial.put("protocol.toml", 'arms = ["\u00c1", "B"]\n' + trial.text("protocol.toml"))
    assert trial.record("P01-007", "--arm", "A\u0301").code == 0
    assert trial.replayed().subjects[0].arm == "\u00c1"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("P01-007", "M03"), "nothing to record"),
        (("P01-007",), "nothing to record"),
        (("P01-007", "M03", "--another"), "nothing to record"),
        (("P01-007", "DOSE1", "--record", "1"), "nothing to record"),
        (("P01-007", "--attended", "2026-04-14"), "VISIT is missing: --attended say something of a visit"),
        (("P01-007", "--record", "1", "--clear", "note"), "VISIT is missing: --record, --clear note"),
        (("P01-007", "M03", "--baseline", "2026-03-02"), "--baseline: facts of the subject"),
        (("P01-007", "M03", "--clear", "ended"), "--clear ended: facts of the subject"),
        (("P01-007", "M03", "--attended", "2026-04-14", "--missed"), "--attended, --missed exclude each other"),
        (("P01-007", "M03", "--missed", "--withheld", "2026-04-14"), "--missed, --withheld exclude each other"),
        (("P01-007", "M03", "--missed", "--mode", "phone"), "--missed and --mode exclude each other"),
        (("P01-007", "M03", "--another", "--record", "1", "--missed"), "--another and --record exclude each other"),
        (("P01-007", "DOSE1", "--clear", "all", "--note", "x"), "--clear all takes the record out"),
        (("P01-007", "DOSE1", "--clear", "all", "--clear", "note"), "--clear all takes the record out"),
        (("P01-007", "DOSE1", "--clear", "note", "--note", "x"), "--clear note and --note exclude each other"),
        (("P01-007", "DOSE1", "--clear", "attended", "--attended", "2026-03-05"), "--clear attended and --attended"),
        (("P01-007", "--clear", "ended", "--ended", "2026-03-05"), "--clear ended and --ended exclude each other"),
        (("P01-007", "DOSE1", "--note", "x" * 131_073), "--note: a cell holds at most 131072 characters"),
        (("P01-007", "DOSE1", "--note", "\udcff"), "--note: a lone surrogate"),
    ],
)
def test_options_that_do_not_belong_together_are_refused(trial: Folder, arguments: tuple[str, ...], says: str) -> None:
    """Each is told, and nothing is written."""
    result = trial.record(*arguments, "--reason", "x")
    assert (result.code, result.out) == (2, "")
    assert says in result.err
    assert trial.names() == ["subjects.csv", "visits.csv"]


def test_two_baselines_exclude_each_other(trial: Folder) -> None:
    """A baseline is fixed or it is not."""
    result = trial.record("P1", "--baseline", "2026-03-02", "--provisional-baseline", "2026-03-02")
    assert result.err == (
        "error: --baseline and --provisional-baseline exclude each other: a baseline is fixed or it is not\n"
    )


def test_a_folder_without_protocol_is_refused(trial: Folder) -> None:
    """Codes are checked against the protocol of the folder, never against a bundled one."""
    (trial.path / "protocol.toml").unlink()
    result = trial.record("P01-007", "DOSE2", "--attended", "2026-04-14")
    assert (result.code, result.err) == (
        2,
        "error: trial: protocol.toml: the folder has no protocol; expected protocol*.toml, one for each version\n",
    )


def test_lists_are_written_in_the_form_that_they_have(trial: Folder) -> None:
    """The site's form of dates, byte order mark, semicolons and CRLF stay, and a text that would run is guarded."""
    trial.put("trial.toml", 'schema = "trialsched/trial/1"\ndate_format = "dd.mm.yyyy"\n')
    trial.put("subjects.csv", "\ufeffsubject;baseline\r\nP01-007;02.03.2026\r\n")
    trial.put("visits.csv", "\ufeffsubject;visit;attended\r\nP01-007;DOSE1;04.03.2026\r\n")
    trial.record("P01-007", "DOSE2", "--attended", "2026-04-14", "--note", '=1; "a"\nb')
    trial.record("P01-007", "M03", "--attended", "2026-06")
    assert trial.text("visits.csv") == (
        "\ufeffsubject;visit;booked;booked_time;attended;mode;outcome;note\r\n"
        "P01-007;DOSE1;;;04.03.2026;;;\r\n"
        'P01-007;DOSE2;;;14.04.2026;;;"\'=1; ""a""\nb"\r\n'
        "P01-007;M03;;;06.2026;;;\r\n"
    )
    trial.record("P01-007", "--ended", "2026-06-30")
    assert trial.text("subjects.csv") == (
        "\ufeffsubject;baseline;baseline_status;arm;ended;end_reason;language\r\n"
        "P01-007;02.03.2026;planned;;30.06.2026;;\r\n"
    )
    assert trial.listed("dd.mm.yyyy") == trial.replayed()
    assert trial.verify().code == 0


def test_rows_keep_their_order_and_new_ones_stand_at_the_end(trial: Folder) -> None:
    """A list that people keep by date, subjects mixed, stays so."""
    head = "subject,visit,booked,booked_time,attended,mode,outcome,note\n"
    rows = "P01-007,DOSE1,,,2026-03-04,,,\nP01-008,DOSE1,,,2026-03-09,,,\nP01-007,DOSE2,,,2026-04-03,,,\n"
    trial.put("visits.csv", head + rows)
    trial.record("P01-008", "DOSE2", "--attended", "2026-04-08")
    assert trial.text("visits.csv") == head + rows + "P01-008,DOSE2,,,2026-04-08,,,\n"


def test_without_visits_csv_the_first_record_makes_it(trial: Folder) -> None:
    """A trial begins with subjects only; the new list has the shape of the other one."""
    (trial.path / "visits.csv").unlink()
    trial.put("subjects.csv", "\ufeffsubject;baseline\r\nP01-007;2026-03-02\r\n")
    assert trial.record("P01-007", "DOSE1", "--attended", "2026-03-04").code == 0
    assert trial.text("visits.csv").startswith("\ufeffsubject;visit;")
    assert trial.replayed() == trial.listed()
