"""What calendars are made with: the moment, the secret of their ids, the clinic, for whom; the options of these."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from trialsched.cli.inputs import PATH, BadInput, Inputs, check_input, check_year, option
from trialsched.cli.printing import put
from trialsched.errors import DocumentError, TrialschedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from trialsched.cli.planning import Planned
    from trialsched.clinic import Clinic
    from trialsched.formats.ical import Audience, Style
    from trialsched.protocol import Protocol

_F = TypeVar("_F", bound="Callable[..., Any]")
FOR = {
    "staff": "for site staff, not for the participant",
    "participant": "for the participant",
    "blind": "for blinded site staff, not for the participant",
}
SUFFIXES = {"staff": ".ics", "participant": ".participant.ics", "blind": ".blind.ics"}
_LONGEST_KEY = 4096


class Making(NamedTuple):
    """What calendars are made with, besides the plans: when, under which key, where, for whom."""

    stamp: datetime
    study_key: str | None
    clinic: Clinic | None
    style: Style

    def keywords(self) -> dict[str, Any]:
        """Return the arguments that every verb of `formats.ical` takes."""
        return {"stamp": self.stamp, "study_key": self.study_key, "clinic": self.clinic, "style": self.style}


_MAKING = (
    option("--stamp", metavar="TIME", help="When the facts last changed, as 2026-03-02T09:00:00Z [default: now]."),
    option("--study-key-file", metavar="FILE", type=PATH, help="A file with the secret that event ids are made from."),
    option("--clinic", metavar="FILE", type=PATH, help="The clinic: zone of booked times, language, address."),
    option(
        "--audience",
        type=click.Choice(list(SUFFIXES)),
        help="For whom: staff, the participant, or staff who must not know the arm [default: staff].",
    ),
    option("--language", metavar="TAG", help="The language of the texts, as en or pl [default: the clinic's]."),
    click.option("--alarm", "alarms", metavar="TIME", multiple=True, help="Ring so long before: 1d, 2h (repeatable)."),
    click.option("--windows", is_flag=True, help="Add each window as an event of its own."),
)


def making(command: _F) -> _F:
    """Give a command the options of `Making`, gathered into one argument `made` with the faults found in them."""

    @wraps(command)
    def gathered(typed: Inputs, **options: Any) -> Any:  # noqa: ANN401 - click passes what it read
        names = ("stamp", "study_key_file", "clinic", "audience", "language", "alarms", "windows")
        given = {name: options.pop(name) for name in names}
        faults: list[str] = []
        style = _style(given, faults, feed=bool(options.pop("feed", False)))
        moment = stamp_of(given["stamp"], faults)
        key, clinic = place_of(typed, given["study_key_file"], given["clinic"], faults)
        return command(typed, made=Making(moment, key, clinic, style), faults=faults, **options)

    for one in reversed(_MAKING):
        gathered = one(gathered)
    return gathered  # type: ignore[return-value]


def _style(given: dict[str, Any], faults: list[str], *, feed: bool) -> Style:
    from trialsched.formats.ical import Style

    audience: Audience = given["audience"] or "staff"
    style = Style(audience, windows=given["windows"], feed=feed)
    # one after the other, so that a fault hides no other
    for wanted in ({"language": given["language"]}, *({"alarms": (alarm,)} for alarm in given["alarms"]), given):
        both = {name: wanted[name] for name in ("language", "alarms") if name in wanted}
        try:
            style = Style(audience, windows=given["windows"], feed=feed, **both)
        except TrialschedError as error:
            fault = f"--{error.where.removesuffix('s')}: {error.message}"
            faults += [fault] if fault not in faults else []
    return style


def place_of(
    typed: Inputs, key_file: str | None, clinic: str | None, faults: list[str]
) -> tuple[str | None, Clinic | None]:
    """Return the study key and the clinic of the files named, else those of the trial's folder."""
    trial = typed.open_trial(faults)
    key, place = study_key_of(key_file, faults), clinic_of(clinic, faults)
    if trial is not None and trial.study_key_file is not None and key_file is None:
        key = study_key_of(str(trial.study_key_file), faults, said_as=f"{typed.trial}: trial.toml: study_key_file ")
    if trial is not None and clinic is None:
        place = trial.clinic
    return key, place


def clinic_of(name: str | None, faults: list[str]) -> Clinic | None:
    """Return the clinic of a file, or None, its faults noted."""
    from trialsched.formats.documents import load_clinic

    if name is None:
        return None
    try:
        check_input(name, "--clinic ")
        return load_clinic(name)
    except BadInput as error:
        faults += error.lines
    except DocumentError as error:
        faults += [f"{name}: {problem}" for problem in error.problems]
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        faults.append(f"--clinic {name}: {error.strerror}")
    except TrialschedError as error:
        faults.append(f"--clinic {name}: {error.message}")
    return None


def tell_unknown_durations(clinic: Clinic | None, protocol: Protocol) -> None:
    """Say which durations are of no visit of the protocol: a slip, or meant for another study."""
    unknown = clinic.unknown_codes(protocol) if clinic else ()
    if unknown:
        words = ", ".join(map(repr, unknown))
        put(f"note: [durations] of the clinic: {words} is no visit of {protocol.id}, and is not used", err=True)


def fault_of(planned: Planned, error: TrialschedError, folder: str | None, clinic: Clinic | None) -> str:
    """Return what to say of a plan that no calendar can be made of, with its place.

    In a trial's folder a time stands in its visits, and the zone that it needs in its clinic.
    """
    place, plan = planned.place, planned.plan
    timed = next((row for row in plan if row.code == error.where and row.booked_time is not None), None)
    if folder is None or clinic is not None or timed is None:
        return f"{place}: {error}" if place else str(error)
    words = f"booked for {timed.booked} at {timed.booked_time:%H:%M}: a time needs the clinic's zone"
    remedy = f"write clinic.toml in {folder} (or give --clinic); there is none to guess"
    return f"visits.csv: {plan.subject.code} {timed.code}: {words}: {remedy}"


def stamp_of(text: str | None, faults: list[str]) -> datetime:
    """Return the time that was typed, or now."""
    from datetime import UTC, datetime

    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        faults.append(f"--stamp: read {text!r}, expected a time with its zone, as 2026-03-02T09:00:00Z")
        return datetime.now(UTC)
    try:
        check_year(moment.date())
    except TrialschedError as error:
        faults.append(f"--stamp: {error.message}")
    return moment


def study_key_of(name: str | None, faults: list[str], said_as: str = "--study-key-file ") -> str | None:
    """Return the study key that a file holds, which is never shown."""
    if name is None:
        return None
    try:
        check_input(name, said_as)
        with Path(name).open("rb") as file:
            data = file.read(_LONGEST_KEY + 1)
        key = data.decode().strip("\r\n") if len(data) <= _LONGEST_KEY else ""
    except UnicodeDecodeError:
        key = ""
    except BadInput as error:
        faults += error.lines
        return None
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        faults.append(f"{said_as}{name}: {error.strerror}")
        return None
    if not key or not key.isprintable():
        expected = f"one line of printable UTF-8 text without byte order mark, {_LONGEST_KEY} bytes at most"
        faults.append(f"{said_as}{name}: expected {expected}")
        return None
    return key
