"""The command that brings calendars to a CalDAV server: `push`."""

from __future__ import annotations

import logging
import netrc
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from trialsched.cli.inputs import BAD_INPUT, OUTSIDE, BadInput, Inputs, check_input, describe, inputs, option
from trialsched.cli.making import FOR, Making, fault_of, making, tell_unknown_durations
from trialsched.cli.planning import Planned, as_of_option, count, plans_of, say
from trialsched.cli.printing import put
from trialsched.errors import InvalidValueError, TrialschedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trialsched.plan import Plan
    from trialsched.push import PushReport

USER, PASSWORD = "TRIALSCHED_CALDAV_USER", "TRIALSCHED_CALDAV_PASSWORD"
_INSTALL = 'push needs the extra caldav: pip install "trialsched[caldav]"'


@click.command()
@inputs
@option("--url", metavar="URL", required=True, help="The CalDAV server, as https://cal.example.org/dav/.")
@option("--calendar", metavar="NAME|URL", help="The collection: its name as calendar programs show it, or its address.")
@click.option("--per-subject", is_flag=True, help="A collection for each subject, named by the subject's code.")
@click.option("--create", is_flag=True, help="Make a collection that is not there.")
@click.option("--dry-run", is_flag=True, help="Write nothing, say what would be written.")
@click.option("--overwrite", is_flag=True, help="Write over what people changed on the server.")
@as_of_option
@making
def push(  # noqa: PLR0917 - click passes by name
    typed: Inputs,
    url: str,
    calendar: str | None,
    per_subject: bool,  # noqa: FBT001 - a flag
    create: bool,  # noqa: FBT001 - a flag
    dry_run: bool,  # noqa: FBT001 - a flag
    overwrite: bool,  # noqa: FBT001 - a flag
    as_of: str | None,
    made: Making,
    faults: list[str],
) -> int:
    """Bring the visits of a subject, or of many, to a CalDAV server; what is there is updated.

    User and password come from TRIALSCHED_CALDAV_USER and TRIALSCHED_CALDAV_PASSWORD, or from the netrc file.
    """
    try:
        from trialsched import push as server
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("trialsched"):
            raise
        raise BadInput([_INSTALL]) from None

    if not typed.many and typed.subject is None:
        faults.append("--subject is missing: the code that the events are named by")
    if (calendar is None) != per_subject:
        faults.append("--calendar NAME or --per-subject is meant: the collection, or one for each subject")
    if typed.many and not per_subject and made.style.audience == "participant":
        faults.append("--audience participant needs --per-subject: in one calendar it would show others' visits")
    if calendar is not None and not calendar.strip():
        faults.append("--calendar: read '', expected the name or the address of a collection")
    try:
        url = server.checked_url(url, where="--url")
    except InvalidValueError as error:
        faults.append(str(error))
    bundle = os.environ.get("REQUESTS_CA_BUNDLE")
    if bundle and not _is_there(bundle):
        faults.append(f"REQUESTS_CA_BUNDLE names {bundle}, which is not there")
    user, password = (None, None) if faults else credentials(str(urlsplit(url).hostname), faults)
    protocol, plans, bad = plans_of(typed, faults, as_of)
    tell_unknown_durations(made.clinic, protocol)
    options = {"overwrite": overwrite, "dry_run": dry_run, **made.keywords()}
    with _silent(), server.connect(url, user, password) as client:
        pushing = _Pushing(client, options, f"by {describe(protocol)}, {FOR[made.style.audience]}", create=create)
        pushing.nobody = user is None
        pushing.folder = typed.trial
        return pushing.push_all(plans, bad, calendar, combined=typed.many and not per_subject)


def _is_there(name: str) -> bool:
    try:
        return Path(name).exists()
    except OSError:
        return False


@contextmanager
def _silent() -> Iterator[None]:
    """Keep the libraries from logging: what they send is theirs to see only."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def credentials(host: str, faults: list[str]) -> tuple[str | None, str | None]:
    """Return user and password from the environment, else from the netrc file's entry for this very host.

    Neither is ever shown; the default entry of a netrc file is for no server.
    """
    user, password = os.environ.get(USER), os.environ.get(PASSWORD)
    if user or password:
        if not (user and password):
            faults.append(f"{USER} and {PASSWORD} are meant together: one of them is not set")
        elif ":" in user:  # RFC 7617, section 2
            faults.append(f"{USER}: a user's name with a colon cannot be sent")
        return user, password
    name = os.environ.get("NETRC")
    try:
        check_input(name or os.path.expanduser("~/.netrc"), "the netrc file ")  # noqa: PTH111 - as netrc itself
        found = netrc.netrc(name or None).hosts.get(host)
    except BadInput as error:
        faults += error.lines
        return None, None
    except FileNotFoundError:
        if name:
            faults.append(f"NETRC names {name}, which is not there")
        return None, None
    except netrc.NetrcParseError as error:
        # the parser's own words hold what it read
        why = f"not understood near line {error.lineno}" if error.lineno else "not taken: others can read it"
        faults.append(f"the netrc file {name or '~/.netrc'} is {why}")
        return None, None
    except (OSError, UnicodeDecodeError):
        faults.append(f"the netrc file {name or '~/.netrc'} cannot be read")
        return None, None
    return (found[0], found[2]) if found else (None, None)


class _Pushing:
    """Pushes plans over one connection, and says what became of each."""

    def __init__(self, client: Any, options: dict[str, Any], words: str, *, create: bool) -> None:  # noqa: ANN401
        self.client = client
        self.options = options
        self.dry_run = options["dry_run"]
        self.words = words
        self.create = create
        self.known: list[tuple[str, Any]] = []
        self.kinds: set[str] = set()
        self.nobody = False
        self.folder: str | None = None

    def push_all(
        self, plans: list[Planned], bad: list[tuple[int, str]], calendar: str | None, *, combined: bool
    ) -> int:
        """Push what can be pushed; return the exit code, after saying what could not."""
        from trialsched.push import PushError, collections

        code = 0
        try:
            if plans and not (calendar or "").lower().startswith(("http://", "https://")):
                self.known = collections(self.client)
            if combined:
                self.push_combined(plans, bad, str(calendar))
            else:
                self.push_each(plans, bad, calendar)
        except PushError as error:
            said = f"; no user is given: {USER} and {PASSWORD}, or netrc" if error.refused and self.nobody else ""
            bad.append((0, f"{error}{said}"))
            code = BAD_INPUT if error.refused else OUTSIDE
        if self.kinds & {"moved", "edited"}:
            put("book what holds (--booked CODE=DATE), or write over it with --overwrite", err=True)
        if self.kinds:
            code = max(code, OUTSIDE if "changed" in self.kinds else BAD_INPUT)
        return say(bad, code)

    def push_each(self, plans: list[Planned], bad: list[tuple[int, str]], calendar: str | None) -> None:
        from trialsched.push import PushError

        for planned in plans:
            line, _, plan = planned
            try:
                self.push(plan.subject.code if calendar is None else calendar, plan)
            except PushError:
                raise
            except TrialschedError as error:
                bad.append((line, fault_of(planned, error, self.folder, self.options["clinic"])))

    def push_combined(self, plans: list[Planned], bad: list[tuple[int, str]], calendar: str) -> None:
        from trialsched.formats import ical

        made = {name: value for name, value in self.options.items() if name not in ("overwrite", "dry_run")}
        good = []
        for planned in plans:
            try:
                ical.update([planned.plan], **made)
                good.append(planned.plan)
            except TrialschedError as error:
                bad.append((planned.line, fault_of(planned, error, self.folder, self.options["clinic"])))
        if good:
            self.push(calendar, good)

    def push(self, name: str, plans: Plan | list[Plan]) -> None:
        """Push to the collection of a name, which is made when it is not there and may be."""
        from trialsched.formats import ical
        from trialsched.push import PushError, check_calendar, collection, create, push

        place = collection(self.client, name, self.known)
        if place is not None and name.lower().startswith(("http://", "https://")):
            check_calendar(place)
        new = ""
        if place is None:
            if not self.create:
                there = ", ".join(repr(title) for title, _ in self.known) or "none"
                message = f"no calendar {name!r} on the server, which has: {there}; --create makes it"
                raise InvalidValueError(message, where="--calendar")
            if not self.dry_run:
                # what is wrong with the plans is found before anything is made on the server
                ical.update(plans, **{n: v for n, v in self.options.items() if n not in ("overwrite", "dry_run")})
                place = create(self.client, name)
                self.known.append((name, place))
            new = " (new)"
        subjects = len(plans) if isinstance(plans, list) else 1
        try:
            report = push(place, plans, **self.options)
        except PushError as error:
            if error.report is not None:
                self.tell(f"{name}{new}: stopped", error.report, subjects)
            raise
        self.tell(f"{name}{new}", report, subjects)

    def tell(self, name: str, report: PushReport, subjects: int) -> None:
        """Print what was done in a line, then what moved, an event a line; conflicts go to standard error."""
        sums = [
            f"{number} {word}"
            for number, word in (
                (len(report.created), "created"),
                (len(report.updated), "updated"),
                (len(report.cancelled), "cancelled"),
                (report.unchanged, "unchanged"),
            )
            if number
        ]
        sums += [count(len(report.conflicts), "conflict")] if report.conflicts else []
        would = "would be " if self.dry_run else ""
        of = f" of {count(subjects, 'subject')}" if subjects > 1 else ""
        put(f"{name}: {would}{', '.join(sums) or 'no visits'}{of} {self.words}")
        first = not (report.updated or report.cancelled or report.unchanged or report.conflicts)
        for change in (*(() if first else report.created), *report.updated, *report.cancelled):
            if change.kind != "text":
                put(f"  {f'{change.subject} ' if subjects > 1 else ''}{change}")
        for note in (*report.overwritten, *report.copies):
            put(f"note: {note}", err=True)
        for conflict in report.conflicts:
            put(f"conflict: {conflict}", err=True)
        self.kinds |= {conflict.kind for conflict in report.conflicts}
