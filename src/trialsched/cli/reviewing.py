"""Commands for those who review a trial: `worklist`, `adherence`, `deviations`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click

from trialsched.cli.inputs import PATH, BadInput, Inputs, inputs, option
from trialsched.cli.planning import (
    as_of_day,
    as_of_option,
    check_output,
    count,
    day_of,
    deliver,
    gather,
    reports_of,
    say,
)
from trialsched.cli.printing import put
from trialsched.errors import DocumentError, TrialschedError

if TYPE_CHECKING:
    from datetime import date

    from trialsched.compliance import Report
    from trialsched.formats.deviations import DeviationLog, Levels
    from trialsched.formats.results import CheckFormat

_DAYS: Final = 14  # of a worklist's period, when its end is not said
_FORMATS: Final = ("table", "json", "csv", "markdown")

_output = option("-o", "--output", metavar="FILE", type=PATH, help="Write to this file ('-' is standard output).")
_force = click.option("--force", is_flag=True, help="Replace a file that trialsched did not write.")
_format = click.option(
    "--format", "form", type=click.Choice(_FORMATS), default="table", show_default=True, help="How to write it."
)
_excel = click.option("--excel", is_flag=True, help="For CSV: byte order mark, semicolons and CRLF.")


def _check_csv(form: str, faults: list[str], **flags: bool) -> None:
    faults += [f"--{name} needs --format csv" for name, on in flags.items() if on and form != "csv"]


def _piped(output: str | None) -> bool:
    return output not in (None, "-") or not sys.stdout.isatty()


@click.command()
@inputs
@as_of_option
@option("--from", "first", metavar="DATE", help="The first day of the period [default: that of --as-of].")
@option("--to", "last", metavar="DATE", help="Its last day [default: 13 days after the first].")
@_format
@_excel
@_output
@_force
def worklist(  # noqa: PLR0917 - click passes by name
    typed: Inputs,
    as_of: str | None,
    first: str | None,
    last: str | None,
    form: str,
    excel: bool,  # noqa: FBT001 - a flag
    output: str | None,
    force: bool,  # noqa: FBT001 - a flag
) -> int:
    """Say what is to be done: open and opening visits by the days that are left, then those that lapsed."""
    from trialsched.worklist import worklist as find

    faults: list[str] = []
    check_output(output, faults)
    _check_csv(form, faults, excel=excel)
    day = as_of_day(as_of, faults)
    period = _period(first, last, day, faults)
    gathered = gather(typed, faults)
    reports = reports_of(gathered, day)
    if form == "table":
        from trialsched.cli.reviews import worklist_table

        text = worklist_table(find(reports, *period), reports, period, piped=_piped(output)) if reports else ""
    else:
        from trialsched.formats import results

        kind = cast("CheckFormat", form)
        text = results.dumps_worklist(reports, *period, format=kind, excel=excel, in_force=gathered.in_force)
    if reports:
        deliver(text, output, form, force=force, bad=gathered.bad)
    return say(gathered.bad)


def _period(first: str | None, last: str | None, day: date, faults: list[str]) -> tuple[date, date]:
    """Return the period that was asked for, what is wrong with it noted."""
    from datetime import timedelta

    begin = day_of("--from", first, faults) or day
    end = day_of("--to", last, faults) or begin + timedelta(_DAYS - 1)
    if end < begin:
        faults.append(f"--to: {end} is before {begin}, where the period begins")
    return begin, end


@click.command()
@inputs
@as_of_option
@_format
@click.option("--rates", is_flag=True, help="For CSV: the rates, instead of subjects by visits.")
@_excel
@_output
@_force
def adherence(  # noqa: PLR0917 - click passes by name
    typed: Inputs,
    as_of: str | None,
    form: str,
    rates: bool,  # noqa: FBT001 - a flag
    excel: bool,  # noqa: FBT001 - a flag
    output: str | None,
    force: bool,  # noqa: FBT001 - a flag
) -> int:
    """Show who kept which window: subjects by visits, and rates of those that were due."""
    from trialsched.adherence import adherence as find

    faults: list[str] = []
    check_output(output, faults)
    _check_csv(form, faults, rates=rates, excel=excel)
    day = as_of_day(as_of, faults)
    gathered = gather(typed, faults)
    reports = reports_of(gathered, day)
    if form == "table":
        from trialsched.cli.reviews import adherence_table

        text = adherence_table(find(reports), reports, piped=_piped(output)) if reports else ""
    else:
        from trialsched.formats import results

        kind = cast("CheckFormat", form)
        text = results.dumps_adherence(reports, format=kind, rates=rates, excel=excel, in_force=gathered.in_force)
    if reports:
        deliver(text, output, form, force=force, bad=gathered.bad)
    return say(gathered.bad)


@click.command()
@inputs
@as_of_option
@option("--level", type=click.Choice(["all", "deviation"]), help="Which findings are new rows [default: all].")
@option("--format", "form", type=click.Choice(_FORMATS), help="How to write it [default: table; csv with -o].")
@_excel
@option("-o", "--output", metavar="FILE", type=PATH, help="The log; made again, what people wrote in it stays.")
@_force
def deviations(  # noqa: PLR0917 - click passes by name
    typed: Inputs,
    as_of: str | None,
    level: str | None,
    form: str | None,
    excel: bool,  # noqa: FBT001 - a flag
    output: str | None,
    force: bool,  # noqa: FBT001 - a flag
) -> int:
    """Keep the deviation log: a row for each finding, with columns that people fill in and that are never lost."""
    from trialsched.formats.deviations import LogRow, dumps, merge

    faults: list[str] = []
    check_output(output, faults)
    form = form or ("table" if output in (None, "-") else "csv")
    _check_csv(form, faults, excel=excel)
    day = as_of_day(as_of, faults)
    typed, dates = _dates_of_log(typed, faults) if form == "csv" else (typed, typed.dates)
    gathered = gather(typed, faults)
    reports = reports_of(gathered, day)
    levels = cast("Levels", level or "all")
    dates = dates if gathered.trial is None else gathered.trial.date_format
    if form == "csv" and output not in (None, "-") and reports:
        complete = typed.many and not gathered.bad
        try:
            _keep(Path(str(output)), reports, levels, dates, complete=complete, excel=excel, force=force)
        except BadInput as error:
            raise BadInput([*(fault for _, fault in sorted(gathered.bad)), *error.lines]) from None
        except OSError:
            say(gathered.bad)
            raise
        return say(gathered.bad)
    log = merge(reports, level=levels)
    if form == "table":
        from trialsched.cli.reviews import deviations_table

        text = deviations_table(log.rows, reports, piped=_piped(output)) if reports else ""
    elif form == "csv":
        text = dumps(log, dates=dates, excel=excel)
    else:
        from trialsched.formats.results.reviews import dumps_deviations

        kind = cast("CheckFormat", form)
        text = dumps_deviations(map(LogRow.told, log.rows), reports, format=kind, in_force=gathered.in_force)
    if reports:
        deliver(text, output, form, force=force, bad=gathered.bad)
    return say(gathered.bad)


def _dates_of_log(typed: Inputs, faults: list[str]) -> tuple[Inputs, str | None]:
    """Return the form of dates of a log, which has one where there are no lists with dates beside it, too."""
    from trialsched.cli.lists import is_json
    from trialsched.formats.records import check_date_form

    lists = typed.trial is not None or (typed.subjects is not None and not is_json(typed.subjects))
    if typed.dates is None or lists:
        return typed, typed.dates
    alone = replace(typed, dates=None)
    try:
        return alone, check_date_form(typed.dates)
    except TrialschedError as error:
        faults.append(f"--dates: {error.message}")
        return alone, None


def _keep(
    path: Path,
    reports: list[Report],
    level: Levels,
    dates: str | None,
    *,
    complete: bool,
    excel: bool,
    force: bool,
) -> None:
    """Make the log of a file again, and say what became of its rows. Raises `BadInput`, and then writes nothing."""
    from trialsched.cli.files import read_ours, save_over
    from trialsched.formats.deviations import DeviationLog, dumps, is_ours, loads, merge

    data = read_ours(path, is_ours, force=force)
    try:
        before = DeviationLog() if data is None else loads(data, dates=dates)
    except DocumentError as error:
        raise BadInput([f"{path} {problem}" for problem in error.problems]) from None
    except TrialschedError as error:
        raise BadInput([f"{path} {error}"]) from None
    after = merge(reports, before, level=level, complete=complete)
    made = dumps(after, dates=dates, excel=excel).encode()
    if made != data:
        save_over(path, made, data, is_ours, force=force)
    same = "unchanged; " if made == data else ""
    put(f"{path}: {same}{_in_words(after, len(before.rows), reports, complete=complete)}")


def _in_words(log: DeviationLog, old: int, reports: list[Report], *, complete: bool) -> str:
    """Say what became of the rows: which are new, found again, no longer found, and how many are to be filled in."""
    from trialsched.formats.deviations import FOUND, GONE

    checked = {report.subject.code for report in reports}
    ours = [row for row in log.rows[:old] if row.key is not None]
    asked = [row for row in ours if complete or row.subject in checked]
    numbers = {
        "new": len(log.rows) - old,
        "found again": sum(row.state == FOUND for row in asked),
        "no longer found": sum(row.state == GONE for row in asked),
        "of subjects not checked": len(ours) - len(asked),
        "of your own": old - len(ours),
    }
    parts = [f"{number} {words}" for words, number in numbers.items() if number]
    rows = count(len(log.rows), "row") + (f" ({', '.join(parts)})" if parts else "")
    blank = sum(row.state == FOUND and row.level == "deviation" and not row.is_filled_in for row in log.rows)
    return f"{rows}, {count(blank, 'deviation')} to be filled in; as of {reports[0].as_of}"
