"""Reading protocol documents. Strict: every problem of a document at once."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from trialsched._text import nearest_or, shown
from trialsched.errors import MAX_PROBLEMS, Problem, ProtocolError, UnknownProtocolError
from trialsched.formats.documents.parsing import MAX_BYTES, Kind, note, parse, read_file
from trialsched.formats.documents.tables import (
    CODE_FORM,
    CYCLE,
    STAND_INS,
    TABLES,
    TAGS,
    WHEN_FORM,
    DocumentTable,
    Table,
    VisitTable,
)
from trialsched.offsets import parse_date
from trialsched.protocol import (
    COMPARISONS,
    SCHEMA,
    EligibilityRule,
    Found,
    Meta,
    Numbering,
    Protocol,
    Repeat,
    Spacing,
    Timing,
    Unread,
    Visit,
    When,
    check,
    check_head,
    check_variant,
    prefixed,
    unique_texts,
)

if TYPE_CHECKING:
    from os import PathLike

    from trialsched.formats.documents.parsing import Format

_T = TypeVar("_T")


def loads(data: str | bytes, *, format: Format = "toml") -> Protocol:  # noqa: A002 - the word of the verb
    """Read a protocol document. Raises `ProtocolError` with all its problems.

    Documents are at most 1 MB and 32 levels deep.
    """
    found = Found()
    raw = parse(found, data, format, _KIND.name)
    if raw is None:
        found.finish()
    return _build(found, raw or {})


def load(fp: IO[bytes] | IO[str], *, format: Format = "toml") -> Protocol:  # noqa: A002 - the word of the verb
    """Read a protocol document from an open file. Raises `ProtocolError`."""
    return loads(fp.read(MAX_BYTES + 1), format=format)


def bundled() -> tuple[str, ...]:
    """Return the ids of the protocols that come with the library."""
    folder = files("trialsched") / "protocols"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


@cache
def _load_bundled(id: str) -> Protocol:  # noqa: A002 - the field's word
    return loads((files("trialsched") / "protocols" / f"{id}.toml").read_bytes())


def load_protocol(source: str | PathLike[str]) -> Protocol:
    """Return a bundled protocol by its id, or read one from a `.toml` or `.json` file.

    A text without separator and suffix is a bundled id, anything else a file. Raises `UnknownProtocolError`,
    `ProtocolError`, and `OSError` for a file that cannot be read.

    >>> load_protocol("alstem").anchor
    'DOSE1'
    """
    if isinstance(source, str) and not re.search(r"[/\\]", source) and not PurePath(source).suffix:
        known = bundled()
        if source not in known:
            hint = nearest_or(source, known, ", ".join(known))
            message = f"no bundled protocol {source!r}; expected {hint}, or a file such as './{shown(source)}.toml'"
            raise UnknownProtocolError(message, where="protocol")
        return _load_bundled(source)
    data, form = read_file(source, _KIND.name)
    return loads(data, format=form)


def _build(found: Found, raw: dict[str, Any]) -> Protocol:
    """Read the tables one by one, so that a bad one hides no problem of the others."""
    head, _ = _table(found, DocumentTable, {**raw, **{name: [] for name in TABLES}}, "", raw)
    head = head or {}
    read: dict[str, list[Any]] = {}
    silent: set[str] = set()  # places of which all is said
    for name, model in TABLES.items():
        read[name] = []
        rows = raw.get(name, [])
        if not isinstance(rows, list):
            found.add(name, rows, f"[[{name}]] tables", "not a list of tables")
            continue
        for index, row in enumerate(rows):
            if len(found.problems) > MAX_PROBLEMS:
                break
            where = f"{name}[{index}]"
            table, bad = _table(found, model, row, where)
            part = None if table is None else _part(found, where, name, table, bad)
            silent |= {f"{where}.{key}" for key in bad}
            read[name].append(part if part is not None or name != "visits" else _unread(row))
    if len(found.problems) > MAX_PROBLEMS:  # what the rows that were not read would say of these is not known
        raise ProtocolError(_in_order(found.problems, raw))
    if raw.get("visits", []) == []:
        message = "no visits" if "visits" in raw else "the key is missing"
        found.add("visits", "", "[[visits]] tables", message)
    meta = found.attempt("", "", _meta, head)
    unreadable = "arms" in raw and "arms" not in head
    arms = None if unreadable else unique_texts(found, "arms", tuple(head.get("arms", ())))
    parts = {"spacings": read["spacing"], "eligibility": read["eligibility"]}
    parts["unscheduled"] = head.get("unscheduled", [])
    if "id" in head and "version" in head:
        check_head(found, head["id"], head["version"])
    if read["visits"]:
        together = Found()
        check(
            together,
            anchor=head.get("anchor"),
            study_days_from=head.get("study_days_from"),
            visits=read["visits"],
            arms=arms,
            **parts,
        )
        found.problems += [problem for problem in together.problems if problem.where not in silent]
        check_variant(found, meta, read["visits"], read["spacing"])
    if found.problems:
        raise ProtocolError(_in_order(found.problems, raw))
    return Protocol(
        head["id"],
        head["version"],
        head["anchor"],
        read["visits"],
        study_days_from=head.get("study_days_from"),
        meta=meta or Meta(),
        arms=arms or (),
        **parts,
    )


def _unread(row: object) -> Unread:
    table = row if isinstance(row, dict) else {}
    code = table.get("code")
    quiet = Found()
    references = []
    for key in ("when", "not_before", "not_after"):
        when = quiet.attempt(key, "", When.of, table.get(key, ""))
        if when is not None and "{n}" not in when.visit:
            references.append((key, when))
    return Unread(code if isinstance(code, str) else "", tuple(references))


# Without these a visit tells others nothing that holds: which codes it makes, in which arms it is.
_TELLING = {"code", "repeat", "arms"}


def _part(found: Found, where: str, name: str, table: dict[str, Any], bad: set[str]) -> Any:  # noqa: ANN401 - a part
    """Return what can be made of a table, its bad keys left out; None when nothing that holds can.

    The problems are noted, and their keys added to the bad ones.
    """
    make = {"visits": _visit, "spacing": _spacing, "eligibility": _rule}[name]
    try:
        part = make(table)
    except ProtocolError as failed:
        for problem in failed.problems:
            # In Python the assumed window is the window; in the document it has a key of its own.
            renamed = problem
            if problem.where == "window" and table.get("window") is None:
                renamed = Problem("assumed_window", problem.read, problem.expected, problem.message)
            found.problems.append(prefixed(where, renamed))
            bad.add(re.split(r"[.[]", renamed.where, maxsplit=1)[0])
        arms = table.get("arms")
        left = {**{key: STAND_INS[key] for key in bad if key in STAND_INS}, **_without(table, bad)}
        if "arms" in bad and isinstance(arms, list):  # one that stands twice is known
            left["arms"] = list(dict.fromkeys(arms))
            bad.remove("arms")
        if bad & {"window", "assumed_window"}:
            left["window"] = "±0 days"
        part = Found().attempt("", "", make, left) if not bad & {"code"} and left.keys() >= _NEEDED[name] else None
    return part if name != "visits" or not bad & _TELLING else None


def _without(table: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in keys}


_NEEDED = {"visits": {"code", "mode"}, "spacing": {"from", "to", "at_least"}, "eligibility": {"id", "fact"}}


def _table(
    found: Found, model: type[Table], row: object, where: str, shown: dict[str, Any] | None = None
) -> tuple[dict[str, Any] | None, set[str]]:
    """Return (what could be read of a table, stand-ins for the rest; the bad keys), noting the problems."""
    if not isinstance(row, dict):
        found.add(where, row, "a table", "not a table")
        return None, set()
    errors: list[Any] = []
    try:
        model.model_validate(row)
    except ValidationError as error:
        errors = [e for e in error.errors(include_url=False) if not (model is DocumentTable and e["loc"][0] in TABLES)]
    keys = {field.alias or name for name, field in model.model_fields.items()}
    table = dict(row)
    for fault in errors:
        note(found, _KIND, fault, {(): keys, ("repeat",): set(CYCLE)}, where)
        first, *inner = fault["loc"]
        bad = table.pop(first, None)
        if model is VisitTable and first in ("window", "assumed_window"):
            table[first] = "±0 days"  # a limit has a window to cut, whatever it is
        if model is VisitTable and first == "repeat":
            # What is good of a cycle goes on to be checked; how many numbers it needs is not known.
            known = {key: bad[key] for key in CYCLE if key in bad and key not in inner} if isinstance(bad, dict) else {}
            table["repeat"] = {**CYCLE, **known}
            table.pop("number", None)
            table.pop("nominal_day", None)
    if errors and shown is None:
        code = {"code": "X{n}" if table.get("repeat") is not None else "X"} if model is VisitTable else {}
        needed = {f.alias or n for n, f in model.model_fields.items() if f.is_required()} - set(table)
        table.update({key: value for key, value in {**STAND_INS, **code}.items() if key in needed})
    missing = [f.alias or n for n, f in model.model_fields.items() if f.is_required() and (f.alias or n) not in table]
    if shown is None and missing:
        return None, set()
    return {key: value for key, value in table.items() if key in keys}, {str(e["loc"][0]) for e in errors}


_FORMS = {
    "when": WHEN_FORM,
    "not_before": WHEN_FORM,
    "not_after": WHEN_FORM,
    "fact": "The name of a dated fact, in lower case, as 'diagnosis'.",
}
_KIND = Kind("protocol", SCHEMA, _FORMS, CODE_FORM, {"number": "a number"}, {*TAGS, "int", "float"})


def _in_order(problems: list[Problem], raw: dict[str, Any]) -> tuple[Problem, ...]:
    """Return the problems in the order of the document, each once."""
    keys = {key: place for place, key in enumerate(raw)}

    def rank(problem: Problem) -> tuple[int, int]:
        first = re.match(r"(\w*)(?:\[(\d+)\])?", problem.where)
        name, index = first.groups() if first else ("", None)
        return keys.get(name or "", -1), int(index or -1)

    return tuple(sorted(dict.fromkeys(_as_written(problem, raw) for problem in problems), key=rank))


def _as_written(problem: Problem, raw: dict[str, Any]) -> Problem:
    """Return the problem of a time with the document's own words, not their canonical form."""
    place = re.fullmatch(r"visits\[(\d+)\]\.(when|not_before|not_after)", problem.where)
    text = raw["visits"][int(place[1])].get(place[2]) if place else None
    if not isinstance(text, str) or "->" in problem.read:  # a circle is told in the codes that make it
        return problem
    return Problem(problem.where, shown(text), problem.expected, problem.message)


def _visit(table: dict[str, Any]) -> Visit:
    found = Found()
    window, assumed = table.get("window"), table.get("assumed_window")
    if window is not None and assumed is not None:
        found.add("assumed_window", assumed, "only one of the two", "both `window` and `assumed_window`")
    timing = found.attempt(
        "",
        "",
        Timing,
        table.get("when"),
        window=window if window is not None else assumed,
        assumed=window is None and assumed is not None,
        counts_from=table.get("counts_from", "reference"),
        not_before=table.get("not_before"),
        not_after=table.get("not_after"),
    )
    repeat = table.get("repeat")
    if isinstance(repeat, dict):
        origin = repeat.get("from", "first")
        cycle = found.attempt("repeat", repeat, Repeat, repeat["every"], repeat["times"], origin)
        repeat = cycle or Repeat("1 day", repeat["times"], origin)
    number = found.attempt("", "", Numbering, table.get("number")) or Numbering()
    day = found.attempt("", "", Numbering, None, table.get("nominal_day")) or Numbering()
    visit = found.attempt(
        "",
        "",
        Visit,
        table["code"],
        table["mode"],
        timing or Timing(),
        repeat=repeat,
        arms=table.get("arms", ()),
        epoch=table.get("epoch"),
        label=table.get("label", {}),
        procedures=table.get("procedures", ()),
        numbering=Numbering(number.number, day.nominal_day),
    )
    return _whole(found, visit)


def _whole(found: Found, part: _T | None) -> _T:
    """Return the part, or raise what was noted."""
    found.finish()
    if part is None:
        raise AssertionError("a part that could not be made has a problem noted")
    return part


def _spacing(table: dict[str, Any]) -> Spacing:
    return Spacing(table["from"], table["to"], table["at_least"], table.get("assumed", False))


def _rule(table: dict[str, Any]) -> EligibilityRule:
    found = Found()
    given = [name for name in COMPARISONS if table.get(name) is not None]
    if len(given) != 1:
        expected = f"exactly one of {', '.join(COMPARISONS)}"
        found.add(given[1] if given else "", " and ".join(given), expected, f"{len(given) or 'no'} comparisons")
    name = given[0] if given else COMPARISONS[0]
    rule = found.attempt(
        "",
        "",
        EligibilityRule,
        table["id"],
        table["fact"],
        name,
        table.get(name) or "1 day",
        text=table.get("text", {}),
        reference=table.get("reference"),
    )
    return _whole(found, rule)


def _meta(head: dict[str, Any]) -> Meta:
    in_force = head.get("in_force")
    return Meta(
        head.get("title", {}),
        in_force=parse_date(in_force) if isinstance(in_force, str) else in_force,
        sources=head.get("sources", ()),
        registry_ids=head.get("registry_ids", ()),
        variant=head.get("variant"),
    )
