"""Recording what happened in a trial's folder, and the journal that keeps who said so, when and why."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

from trialsched.cli.inputs import YEARS, BadInput, check_year, option, read_moment
from trialsched.cli.journals import by_option, folder_argument, no_words, opened, said_now, tell
from trialsched.cli.planning import as_of_day, as_of_option, count, day_of
from trialsched.cli.printing import put
from trialsched.errors import DocumentError, InvalidValueError, TrialschedError
from trialsched.protocol import MODES
from trialsched.subject import END_REASONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, time

    from trialsched.cli.doubts import Doubt
    from trialsched.cli.ledger import Ledger
    from trialsched.formats.journal import Difference
    from trialsched.offsets import PartialDate
    from trialsched.protocol import Mode, Protocol
    from trialsched.subject import EndReason, VisitRecord
    from trialsched.trial import Trial

_OF_RECORD = ("booked", "attended", "outcome", "mode", "note", "all")
_OF_SUBJECT = ("arm", "ended", "language")


@dataclass(frozen=True, slots=True)
class _Facts:
    """The options of `record`, as typed."""

    attended: str | None
    booked: str | None
    missed: bool
    withheld: str | None
    mode: str | None
    note: str | None
    number: int | None
    another: bool
    baseline: str | None
    provisional_baseline: str | None
    arm: str | None
    ended: str | None
    end_reason: str | None
    language: str | None
    clear: tuple[str, ...]

    def of_record(self) -> list[str]:
        """Return the options of a visit's record that were typed."""
        given = [name for name in ("attended", "booked", "withheld", "mode", "note") if getattr(self, name) is not None]
        given += [name for name in ("missed", "another") if getattr(self, name)]
        given += ["record"] if self.number is not None else []
        return [f"--{name}" for name in given] + [f"--clear {name}" for name in self.clear if name in _OF_RECORD]

    def only_clears(self) -> bool:
        """Return whether something of a visit's record is taken out, and nothing else is said."""
        return bool(self.clear) and all(o == "--record" or o.startswith("--clear ") for o in self.of_record())

    def of_subject(self) -> list[str]:
        """Return the options of a subject's row that were typed."""
        names = ("baseline", "provisional_baseline", "arm", "ended", "end_reason", "language")
        given = [f"--{name.replace('_', '-')}" for name in names if getattr(self, name) is not None]
        return given + [f"--clear {name}" for name in self.clear if name in _OF_SUBJECT]


def _facts(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give `record` the options of `_Facts`, gathered into one."""
    options = (
        option("--attended", metavar="DATE", help="The visit happened on this day."),
        option("--booked", metavar="DATE[THH:MM]", help="The visit is agreed for then."),
        click.option("--missed", is_flag=True, help="The visit did not happen."),
        option("--withheld", metavar="DATE", help="Came on this day, treatment not given."),
        option("--mode", type=click.Choice(MODES), help="How it was done."),
        option("--note", metavar="TEXT", help="Anything; it appears in no calendar."),
        option("--record", "number", metavar="N", type=click.IntRange(min=1), help="Which record of several, from 1."),
        click.option("--another", is_flag=True, help="One more contact under this code."),
        option("--baseline", metavar="DATE", help="Without VISIT: the planned day 0; a subject that is new needs it."),
        option("--provisional-baseline", metavar="DATE", help="Without VISIT: a day 0 that is not fixed yet."),
        option("--arm", metavar="ARM", help="Without VISIT: the subject's arm."),
        option("--ended", metavar="DATE", help="Without VISIT: the last day of participation."),
        option("--end-reason", type=click.Choice(END_REASONS), help="Why it ended."),
        option("--language", metavar="TAG", help="Without VISIT: the language of the participant's calendar."),
        click.option(
            "--clear",
            type=click.Choice([*_OF_RECORD, *_OF_SUBJECT]),
            multiple=True,
            help="Take out what was recorded; 'all' takes out the visit's record (repeatable).",
        ),
    )
    names = _Facts.__dataclass_fields__

    @wraps(command)
    def gathered(**given: Any) -> Any:  # noqa: ANN401 - click passes what it read
        own = {name: value for name, value in given.items() if name not in names}
        return command(_Facts(**{name: given[name] for name in names}), **own)

    result: Callable[..., Any] = gathered
    for one in reversed(options):
        result = one(result)
    return result


@click.command()
@folder_argument
@click.argument("code", metavar="SUBJECT")
@click.argument("visit", metavar="[VISIT]", required=False)
@_facts
@by_option
@option("--reason", metavar="TEXT", help="Why; needed when a recorded value changes or goes.")
@click.option("--far-ahead", is_flag=True, help="Record a date that is more than a year ahead.")
@as_of_option
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="How to tell it.")
def record(  # noqa: PLR0917 - click passes by name
    facts: _Facts,
    folder: str,
    code: str,
    visit: str | None,
    by: str,
    reason: str | None,
    far_ahead: bool,  # noqa: FBT001 - a flag
    as_of: str | None,
    form: str,
) -> int:
    """Record what was booked or happened, or facts of a subject, in a trial's folder and its journal."""
    from trialsched._text import nfc
    from trialsched.cli.doubts import doubts
    from trialsched.cli.ledger import in_words, name_of
    from trialsched.formats import journal

    faults = no_words(by, reason)
    _check_options(facts, visit, faults)
    day = as_of_day(as_of, faults)
    if not far_ahead:
        faults += _too_far(facts, day)
    code, visit = nfc(code), None if visit is None else nfc(visit)
    with opened(folder) as (ledger, handle):
        ledger.check_lists()
        trial = _trial(ledger, faults)
        protocols = trial.protocols if trial is not None else ()
        if visit is None:
            difference = _of_subject(ledger, code, facts, protocols, faults)
        else:
            known = {row.record.visit for row in ledger.state.rows if row.subject == code}
            _check_visit(visit, known if facts.only_clears() else set(), protocols, faults)
            difference = _of_visit(ledger, code, visit, facts, faults)
        if difference is not None and difference.overwrites and reason is None and not faults:
            faults += ["--reason is missing: a recorded value changes", *in_words(difference)]
        if faults:
            raise BadInput(faults)
        if difference is None or difference.was == difference.is_:
            ledger.finish(handle)
            if form == "json":
                _emit_json(ledger, code, visit, None, [])
            else:
                put(f"{' '.join(filter(None, (code, visit)))}: recorded so already, nothing is written")
            return 0
        before = ledger.state
        begun = () if ledger.begun else said_now(None, [journal.begin(ledger.state)], by, None)
        last = begun[-1] if begun else ledger.last
        ledger.write(
            handle, (*begun, *said_now(last, [journal.change(difference)], by, reason)), (name_of(difference),)
        )
    found = [] if trial is None else doubts(trial, before, ledger.state, difference, day)
    if form == "json":
        _emit_json(ledger, code, visit, difference, found)
    else:
        for line in in_words(difference):
            put(line)
        tell(ledger)
    for doubt in found:
        put(f"warning: {' '.join(filter(None, (code, doubt.visit)))}: {doubt.detail}", err=True)
    return 0


def _too_far(facts: _Facts, as_of: date) -> list[str]:
    """Return what to say of dates that are probably typing errors."""
    from trialsched.cli.doubts import far_ahead

    found = []
    for name in ("attended", "booked", "withheld", "baseline", "provisional_baseline", "ended"):
        text = getattr(facts, name)
        day = _known_day("", None if text is None else text.partition("T")[0], [])
        if far_ahead(day, as_of):
            option_name = f"--{name.replace('_', '-')}"
            found.append(f"{option_name}: read {text!r}, more than a year after {as_of}; --far-ahead records it")
    return found


def _emit_json(ledger: Ledger, code: str, visit: str | None, difference: Difference | None, found: list[Doubt]) -> None:
    """Write what was recorded as a document: the cells that changed, what stands out, where the journal is."""
    from trialsched._text import json_text
    from trialsched.cli.files import emit
    from trialsched.formats.results.facts import GENERATOR

    cells = () if difference is None else difference.cells
    document = {
        "schema": "trialsched/record/1",
        "generator": GENERATOR,
        "subject": code,
        "visit": visit,
        "record": (difference.record or None) if difference is not None else None,
        "changes": [{"column": column, "was": was or None, "is": is_ or None} for column, was, is_ in cells],
        "warnings": [doubt.as_json() for doubt in found],
        "lines": len(ledger.entries),
        "sha256": ledger.last.hash if ledger.last is not None else None,
    }
    emit(f"{json_text(document, indent=2)}\n".encode())


def _check_options(facts: _Facts, visit: str | None, faults: list[str]) -> None:
    """Note options that do not belong together."""
    of_record, of_subject = facts.of_record(), facts.of_subject()
    if visit is None and of_record:
        faults.append(f"VISIT is missing: {', '.join(of_record)} say something of a visit")
    if visit is not None and of_subject:
        faults.append(f"{', '.join(of_subject)}: facts of the subject, which are recorded without VISIT")
    if not of_subject and not {*of_record} - {"--record", "--another"}:  # which record is meant says nothing of it
        faults.append("nothing to record: --attended, --booked, --missed, --withheld ..., or --baseline, --ended ...")
    happened = [f"--{name}" for name in ("attended", "missed", "withheld") if getattr(facts, name)]
    if len(happened) > 1:
        faults.append(f"{', '.join(happened)} exclude each other")
    if facts.missed and facts.mode is not None:
        faults.append("--missed and --mode exclude each other: what did not happen was done in no way")
    if facts.baseline is not None and facts.provisional_baseline is not None:
        faults.append("--baseline and --provisional-baseline exclude each other: a baseline is fixed or it is not")
    if facts.another and facts.number is not None:
        faults.append("--another and --record exclude each other")
    both = [name for name in facts.clear if getattr(facts, name, None)]
    if "all" in facts.clear and of_record not in (["--clear all"], ["--record", "--clear all"]):
        faults.append("--clear all takes the record out: nothing else can be said of it")
    elif both:
        faults.append(f"--clear {both[0]} and --{both[0]} exclude each other")


def _trial(ledger: Ledger, faults: list[str]) -> Trial | None:
    """Return what is in the folder, or None, what is wrong with it noted."""
    from trialsched.trial import load_trial

    try:
        return load_trial(ledger.folder, years=YEARS)
    except DocumentError as error:
        faults += [f"{ledger.folder}: {problem}" for problem in error.problems]
    return None


def _of_subject(
    ledger: Ledger, code: str, facts: _Facts, protocols: tuple[Protocol, ...], faults: list[str]
) -> Difference | None:
    """Return what the options change in a subject's row; None, with what is wrong noted."""
    from trialsched._text import nfc
    from trialsched.formats.journal import Difference
    from trialsched.subject import Subject

    before = next((subject for subject in ledger.state.subjects if subject.code == code), None)
    baseline = day_of("--baseline", facts.baseline, faults)
    provisional = day_of("--provisional-baseline", facts.provisional_baseline, faults)
    ended = day_of("--ended", facts.ended, faults)
    arms = {nfc(arm): arm for protocol in protocols for arm in protocol.arms}
    if facts.arm is not None and nfc(facts.arm) not in arms and protocols:
        faults.append(f"--arm: the protocol has no arm {facts.arm!r}; its arms: {', '.join(arms) or 'none'}")
    if before is None and not facts.baseline and not facts.provisional_baseline:
        faults.append(f"{_no_subject(ledger, code)}, or --baseline for a new one")
    same = next((s.code for s in ledger.state.subjects if s.code.casefold() == code.casefold()), code)
    if before is None and same != code:
        faults.append(f"no subject {code!r}; there is {same!r}: codes that are equal but for case are one")
    if faults:
        return None
    try:
        told = before or Subject(code)
        cleared: dict[str, Any] = dict.fromkeys(facts.clear)
        if "ended" in cleared:
            cleared["end_reason"] = None
        told = replace(told, **cleared)
        if baseline:
            told = replace(told, baseline=baseline, baseline_status="planned")
        elif provisional:
            told = replace(told, baseline=provisional, baseline_status="provisional")
        told = replace(
            told,
            arm=told.arm if facts.arm is None else facts.arm,
            ended=ended or told.ended,
            end_reason=cast("EndReason | None", facts.end_reason) or told.end_reason,
            language=told.language if facts.language is None else facts.language,
        )
    except TrialschedError as error:
        faults.append(str(error))
        return None
    return Difference(told.code, None, 0, before, told)


def _no_subject(ledger: Ledger, code: str) -> str:
    from trialsched._text import nearest_or

    codes = [subject.code for subject in ledger.state.subjects]
    return f"no subject {code!r}; expected {nearest_or(code, codes, 'one of subjects.csv')}"


class _Meant(NamedTuple):
    """Which record of a visit is meant: its number, and what it says; None for one that is new."""

    number: int
    record: VisitRecord | None


class _Said(NamedTuple):
    """The days of the options, as read."""

    attended: date | PartialDate | None
    booked: date | None
    clock: time | None
    withheld: date | PartialDate | None


def _of_visit(ledger: Ledger, code: str, visit: str, facts: _Facts, faults: list[str]) -> Difference | None:
    """Return what the options change in a visit's record; None, with what is wrong noted."""
    from trialsched.formats.journal import Difference
    from trialsched.subject import VisitRecord

    if not any(subject.code == code for subject in ledger.state.subjects):
        faults.append(f"{_no_subject(ledger, code)}, or a new one, recorded first with --baseline and without VISIT")
    booked, clock = (None, None) if facts.booked is None else read_moment("--booked", facts.booked, faults)
    said = _Said(
        _known_day("--attended", facts.attended, faults),
        booked,
        clock,
        _known_day("--withheld", facts.withheld, faults),
    )
    if faults:
        return None
    there = [row.record for row in ledger.state.rows if (row.subject, row.record.visit) == (code, visit)]
    meant = _meant(f"{code} {visit}", there, facts, said, faults)
    if meant is None:
        return None
    if "all" in facts.clear:
        return Difference(code, visit, meant.number, meant.record, None)
    try:
        told = _told(meant.record or VisitRecord(visit), facts, said)
        _check_cell(code, told)
    except TrialschedError as error:
        faults.append(str(error))
        return None
    is_ = None if told == VisitRecord(visit) else told  # a record that says nothing is none
    return None if meant.record is None and is_ is None else Difference(code, visit, meant.number, meant.record, is_)


def _check_visit(visit: str, known: set[str], protocols: tuple[Protocol, ...], faults: list[str]) -> None:
    """Refuse a code of no protocol, but where a record under it is there and something of it is to be taken out."""
    from trialsched._text import nearest_or

    codes = list(dict.fromkeys(planned.code for protocol in protocols for planned in protocol.expanded))
    if visit in known or visit in codes or any(protocol.is_unscheduled(visit) for protocol in protocols):
        return
    if protocols:
        expected = nearest_or(visit, codes, f"one of {', '.join(codes[:20])}")
        faults.append(f"no visit {visit!r} in the protocol; expected {expected}")


def _meant(place: str, there: list[VisitRecord], facts: _Facts, said: _Said, faults: list[str]) -> _Meant | None:
    """Return the record that is meant, or None when that must be told, which is noted."""
    if facts.number is not None and facts.number > len(there):
        faults.append(f"--record: {place} has {count(len(there), 'record')}, read {facts.number}")
        return None
    if facts.number is not None:
        return _Meant(facts.number, there[facts.number - 1])
    if facts.another or not there:
        if facts.clear:
            faults.append(f"--clear: {place} has {'no record' if not there else 'none in a record that is new'}")
            return None
        return _Meant(len(there) + 1, None)
    if len(there) > 1 and _says_so(there[-1], facts, said):
        return _Meant(len(there), there[-1])  # the command that made it, given once more
    if len(there) > 1:
        faults.append(f"{place} has {count(len(there), 'record')}: --record says which is meant, --another one more")
        faults += [f"--record {number}: {_in_words(one)}" for number, one in enumerate(there, 1)]
        return None
    day = said.attended or said.booked
    if there[0].outcome == "withheld" and day is not None:
        before, after = _days(there[0].attended), _days(day)
        if before[1] < after[0]:
            return _Meant(2, None)  # a visit that was withheld is held or booked once more
        if said.attended is not None and before != after:
            message = f"{place} was withheld on {there[0].attended}: --record 1 corrects that, --another is one more"
            faults.append(message)
            return None
    return _Meant(1, there[0])


def _says_so(record: VisitRecord, facts: _Facts, said: _Said) -> bool:
    """Return whether a record has the day that is said, and all else; without a day another one may be meant."""
    if facts.clear or not (said.attended or said.booked or said.withheld):
        return False
    try:
        return _told(record, facts, said) == record
    except TrialschedError:
        return False


def _in_words(record: VisitRecord) -> str:
    from trialsched.formats.results import in_words

    return in_words(record)


def _days(day: date | PartialDate | None) -> tuple[date, date]:
    from datetime import date

    from trialsched.offsets import PartialDate

    if isinstance(day, PartialDate):
        return day.days.earliest, day.days.latest
    return day or date.min, day or date.max


def _told(record: VisitRecord, facts: _Facts, said: _Said) -> VisitRecord:
    """Return a record after what was said of it: what is cleared, then what was booked, then what happened."""
    cleared: dict[str, Any] = dict.fromkeys(facts.clear)
    if "booked" in cleared:
        cleared["booked_time"] = None
    if "attended" in cleared and record.outcome == "withheld":
        cleared["outcome"] = None
    record = replace(record, **cleared)
    if said.booked is not None:
        outcome = None if record.outcome == "missed" else record.outcome
        record = replace(record, booked=said.booked, booked_time=said.clock, outcome=outcome)
    if facts.missed:
        record = replace(record, attended=None, mode=None, outcome="missed")
    elif said.withheld is not None:
        record = replace(record, attended=said.withheld, outcome="withheld")
    elif said.attended is not None:
        record = replace(record, attended=said.attended, outcome=None)
    if facts.mode is not None:
        record = replace(record, mode=cast("Mode", facts.mode))
    return record if facts.note is None else replace(record, note=_note(facts.note))


def _note(text: str) -> str | None:
    from trialsched._text import nfc

    return nfc(text) or None


def _check_cell(code: str, told: VisitRecord) -> None:
    """Refuse a note that no list can hold."""
    from trialsched.formats import records

    try:
        records.dumps({code: [told]})
    except InvalidValueError as error:
        raise InvalidValueError(error.message, where="--note") from None


def _known_day(name: str, text: str | None, faults: list[str]) -> date | PartialDate | None:
    """Return the day that an option gives, which may be known in part; None when there is none, or it is noted."""
    from trialsched.offsets import PartialDate

    if text is None or not re.fullmatch(r"[0-9]{4}(-[0-9]{2})?", text):
        return day_of(name, text, faults)
    try:
        partial = PartialDate.parse(text)
        check_year(partial.days.earliest)
    except InvalidValueError as error:
        faults.append(f"{name}: {error.message}")
        return None
    return partial
