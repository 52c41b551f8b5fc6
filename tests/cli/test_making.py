"""What calendars are made with, above all what a trial's folder gives."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

import trialsched as ts
from trialsched.cli.inputs import Inputs, in_folder
from trialsched.cli.making import fault_of, place_of, stamp_of, study_key_of, tell_unknown_durations
from trialsched.cli.planning import Planned
from trialsched.formats import documents

ALSTEM = ts.load_protocol("alstem")
CLINIC = 'schema = "trialsched/clinic/1"\nzone = "Europe/Warsaw"\n[durations]\nDOSE1 = "2 hours"\n'
SITE = 'schema = "trialsched/trial/1"\nstudy_key_file = "key"\n'


@pytest.fixture
def typed(tmp_path: Path) -> Inputs:
    """Return a trial's folder as typed, with a clinic and the secret of its ids."""
    folder = tmp_path / "trial"
    folder.mkdir()
    files = {"protocol.toml": documents.dumps(ALSTEM), "subjects.csv": "subject,baseline\nP1,2026-03-02\n"}
    for name, text in {**files, "clinic.toml": CLINIC, "trial.toml": SITE, "key": "a secret\n"}.items():
        (folder / name).write_text(text, "utf-8")
    return in_folder(Inputs(), str(folder))


def test_a_folder_gives_its_key_and_its_clinic(typed: Inputs, tmp_path: Path) -> None:
    """Where the options name none; an option goes before the folder."""
    faults: list[str] = []
    key, clinic = place_of(typed, None, None, faults)
    assert (key, clinic and clinic.zone, faults) == ("a secret", "Europe/Warsaw", [])
    (tmp_path / "other").write_text("another\n")
    (tmp_path / "c.toml").write_text(CLINIC.replace("Europe/Warsaw", "UTC"))
    key, clinic = place_of(typed, str(tmp_path / "other"), str(tmp_path / "c.toml"), faults)
    assert (key, clinic and clinic.zone, faults) == ("another", "UTC", [])
    assert place_of(Inputs(), None, None, faults) == (None, None)


def test_a_folder_without_a_key_of_its_own(typed: Inputs, tmp_path: Path) -> None:
    """The ids are made from the protocol's, as without a folder."""
    (tmp_path / "trial" / "trial.toml").unlink()
    faults: list[str] = []
    assert (place_of(typed, None, None, faults)[0], faults) == (None, [])


def test_a_key_of_the_folder_that_cannot_be_read(typed: Inputs, tmp_path: Path) -> None:
    """It is said where it is named; ids made without it would be others for ever."""
    (tmp_path / "trial" / "key").unlink()
    faults: list[str] = []
    place_of(typed, None, None, faults)
    assert len(faults) == 1
    assert faults[0].startswith(f"{typed.trial}: trial.toml: study_key_file {tmp_path / 'trial' / 'key'}: No such file")
    faults.clear()
    (tmp_path / "trial" / "key").write_bytes(b"\xff")
    assert place_of(typed, None, None, faults)[0] is None
    assert "one line of printable UTF-8" in faults[0]


def test_an_option_that_cannot_be_read_is_not_made_up_for(typed: Inputs) -> None:
    """The folder's own is no answer to a name that was mistyped."""
    faults: list[str] = []
    place_of(typed, "gone", "gone.toml", faults)
    assert faults == [
        "--study-key-file gone: No such file or directory",
        "--clinic gone.toml: No such file or directory",
    ]


def test_a_folder_that_cannot_be_read_gives_nothing(tmp_path: Path) -> None:
    """Its faults are noted."""
    faults: list[str] = []
    assert place_of(in_folder(Inputs(), str(tmp_path / "gone")), None, None, faults) == (None, None)
    assert faults == [f"{tmp_path / 'gone'}: No such file or directory"]


def test_a_key_is_the_line_of_its_file(tmp_path: Path) -> None:
    """Without its end and with its blanks; nothing named is no key."""
    (tmp_path / "key").write_bytes(b" a b \r\n")
    assert study_key_of(str(tmp_path / "key"), []) == " a b "
    assert study_key_of(None, []) is None


def test_the_stamp_is_what_was_typed_or_now() -> None:
    """With its zone."""
    assert stamp_of("2026-03-02T09:00:00Z", []) == datetime(2026, 3, 2, 9, tzinfo=UTC)
    before = datetime.now(UTC)
    assert before <= stamp_of(None, []) <= datetime.now(UTC)


def test_a_time_without_a_zone_is_told_with_its_remedy() -> None:
    """In a folder clinic.toml; elsewhere, of another fault, or of a visit without a time, the error as it is."""
    plan = ts.schedule(ALSTEM, ts.Subject("P1", baseline=date(2026, 3, 2)).booked("M03", date(2026, 6, 2), time(9, 5)))
    planned = Planned(2, "subjects.csv line 2", plan)
    timed, other = ts.InvalidValueError("no zone", where="M03"), ts.InvalidValueError("no", where="M04")
    clinic = documents.loads_clinic(CLINIC)
    assert fault_of(planned, timed, "site", None) == (
        "visits.csv: P1 M03: booked for 2026-06-02 at 09:05: a time needs the clinic's zone: "
        "write clinic.toml in site (or give --clinic); there is none to guess"
    )
    assert fault_of(planned, timed, None, None) == "subjects.csv line 2: M03: no zone"
    assert fault_of(planned._replace(place=""), timed, None, None) == "M03: no zone"
    assert fault_of(planned, timed, "site", clinic) == "subjects.csv line 2: M03: no zone"
    assert fault_of(planned, other, "site", None) == "subjects.csv line 2: M04: no"


def test_durations_of_no_visit_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A slip, or meant for another study; without a clinic there are none."""
    tell_unknown_durations(documents.loads_clinic(CLINIC.replace("DOSE1", "DOSE9")), ALSTEM)
    tell_unknown_durations(documents.loads_clinic(CLINIC), ALSTEM)
    tell_unknown_durations(None, ALSTEM)
    assert capsys.readouterr().err == (
        "note: [durations] of the clinic: 'DOSE9' is no visit of alstem, and is not used\n"
    )
