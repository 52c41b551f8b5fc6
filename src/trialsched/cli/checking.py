"""The command that says what happened, what is out and what is next to be asked: `check`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

import click

from trialsched.cli.inputs import PATH, BadInput, Inputs, inputs, option
from trialsched.cli.making import place_of
from trialsched.cli.moved import Files, limits_of, not_there, read_bookings, read_calendar, what_is_new, with_bookings
from trialsched.cli.planning import (
    Gathered,
    as_of_day,
    as_of_option,
    check_output,
    deliver,
    faults_of,
    gather,
    reports_of,
    say,
)
from trialsched.cli.printing import put

if TYPE_CHECKING:
    from datetime import date

    from trialsched.compliance import Report
    from trialsched.formats.results import CheckFormat


@click.command()
@inputs
@as_of_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "markdown"]),
    default="table",
    show_default=True,
    help="How to write it.",
)
@click.option("--findings", is_flag=True, help="With --format csv: a row for each finding, instead of each visit.")
@click.option("--excel", is_flag=True, help="With --format csv: byte order mark, semicolons and CRLF.")
@option("--fail-on", type=click.Choice(["deviation", "finding"]), help="Exit with 1 when there is any.")
@click.option(
    "--calendar",
    "calendars",
    metavar="FILE.ics",
    multiple=True,
    type=PATH,
    help="Take booked dates from a calendar that people moved (repeatable).",
)
@option(
    "--study-key-file", metavar="FILE", type=PATH, help="With --calendar: the secret that event ids were made from."
)
@option("--clinic", metavar="FILE", type=PATH, help="With --calendar: the clinic, for the zone that times are told in.")
@option(
    "--max-size", metavar="MB", type=click.IntRange(1, 2000), help="With --calendar: read files up to this size (20)."
)
@option("-o", "--output", metavar="FILE", type=PATH, help="Write to this file ('-' is standard output).")
@click.option("--force", is_flag=True, help="Replace a file that trialsched did not write.")
def check(  # noqa: PLR0917 - click passes by name
    typed: Inputs,
    as_of: str | None,
    form: str,
    findings: bool,  # noqa: FBT001 - a flag
    excel: bool,  # noqa: FBT001 - a flag
    fail_on: str | None,
    calendars: tuple[str, ...],
    study_key_file: str | None,
    clinic: str | None,
    max_size: int | None,
    output: str | None,
    force: bool,  # noqa: FBT001 - a flag
) -> int:
    """Say how what happened stands to the plan: a status for each visit, and findings."""
    faults: list[str] = []
    check_output(output, faults)
    faults += [
        f"--{name} needs --format csv"
        for name, on in (("findings", findings), ("excel", excel))
        if on and form != "csv"
    ]
    given = {"--study-key-file": study_key_file, "--clinic": clinic, "--max-size": max_size}
    if calendars:
        if not typed.many and typed.subject is None:
            faults.append("--calendar needs --subject or --subjects, or the trial's folder: whose calendar it is")
    else:
        faults += [f"{name} needs --calendar" for name, value in given.items() if value is not None]
    day = as_of_day(as_of, faults)
    limits = limits_of(max_size)
    data = [one for name in calendars if (one := read_calendar(name, faults, "--calendar ", limits)) is not None]
    key, place = place_of(typed, study_key_file, clinic, faults) if calendars else (None, None)
    gathered = gather(typed, faults)
    if calendars and gathered.subjects:
        try:
            _take_in(gathered, day, Files(calendars, data, key, place, limits))
        except BadInput as error:
            raise BadInput([*faults_of(gathered.bad), *error.lines]) from None
    reports = reports_of(gathered, day)
    if form == "table":
        from trialsched.cli.tables import check_table

        text = check_table(reports, piped=output not in (None, "-") or not sys.stdout.isatty()) if reports else ""
    else:
        from trialsched.formats import results

        kind = cast("CheckFormat", form)
        text = results.dumps_check(reports, format=kind, findings=findings, excel=excel, in_force=gathered.in_force)
    if reports:
        deliver(text, output, form, force=force, bad=gathered.bad)
    return say(gathered.bad, _code(reports, fail_on))


def _code(reports: list[Report], fail_on: str | None) -> int:
    """Return the exit code for what `--fail-on` asks."""
    findings = (finding for report in reports for finding in report.findings)
    return int(any(fail_on in ("finding", finding.level) for finding in findings))


def _take_in(gathered: Gathered, day: date, files: Files) -> None:
    """Book what calendars tell for the subjects gathered, by the version in force on the day, and say what is new."""
    from trialsched.plan import schedule
    from trialsched.trial import protocol_on

    version = gathered.protocols.index(protocol_on(gathered.protocols, gathered.in_force, day))
    plans = [one.plans[version] for one in gathered.subjects]
    found = read_bookings(files, plans)
    for note in (*found.notes, *not_there(files, plans)):
        put(f"note: {note}", err=True)
    for index, one in enumerate(gathered.subjects):
        subject = one.plans[version].subject
        booked = found.get(subject.code, ())
        for line in what_is_new(subject, booked):
            put(f"booked: {subject.code} {line}", err=True)
        if booked:
            with_them = with_bookings(subject, booked)
            plans_now = tuple(schedule(plan.protocol, with_them) for plan in one.plans)
            gathered.subjects[index] = one._replace(plans=plans_now)
