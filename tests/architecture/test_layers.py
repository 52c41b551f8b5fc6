"""The direction of imports: a module imports only from a strictly lower floor (design 2)."""

import ast
from pathlib import Path

import pytest

import trialsched

ROOT = Path(trialsched.__file__).parent
# A package is one module seen from outside. Words, foreign offsets, encodings and forms of dates stand between floors.
FLOORS = {
    "errors": 0,
    "_version": 0,
    "_json": 0.5,
    "_text": 0.5,
    "_foreign": 0.5,
    "_encodings": 1.5,
    "offsets": 1,
    "_dateforms": 1.5,
    "protocol": 2,
    "subject": 3,
    "plan": 4,
    "clinic": 5,
    "analysis": 5,
    "compliance": 5,
    "adherence": 6,
    "worklist": 6,
    "formats.deviations": 7,
    "formats.documents": 7,
    "formats.ical": 7,
    "formats.journal": 7,
    "formats.records": 7,
    "formats.results": 7,
    "formats.sdtm": 7,
    "strategies": 7,
    "_hypothesis": 8,
    "push": 8,
    "trial": 8,
    "cli": 9,
    "__main__": 10,
}
THIRD_PARTY = {
    "errors": set(),
    "formats.documents": {"pydantic", "tomli_w"},
    "formats.ical": {"icalendar", "pendulum", "dateutil"},
    "push": {"caldav", "niquests"},  # caldav speaks through niquests, which it requires
    "strategies": {"hypothesis"},
    "_hypothesis": {"hypothesis"},
    "offsets": {"dateutil"},  # under TYPE_CHECKING, for an accepted type
    "cli": {"click", "rich"},
}


def module_name(path: Path) -> str:
    """Return a file's dotted name below the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def home(name: str) -> str:
    """Return the floor's module that a dotted name belongs to."""
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] == "formats" and len(parts) > 1 else parts[0]


SOURCES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}
MODULES = [name for name in SOURCES if name not in ("__init__", "formats")]


def imports(path: Path) -> list[str]:
    """Return every module that a file imports, wherever in its syntax tree."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            base = node.module or ""
            names = [f"{base}.{alias.name}" for alias in node.names]
            known = {f"trialsched.{name}" for name in SOURCES}
            found += [name if name in known else base for name in names]
    return found


def test_every_module_has_a_floor() -> None:
    """A new module is given a floor here and on the design page."""
    assert {home(name) for name in MODULES} == set(FLOORS)


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_strictly_downwards(name: str) -> None:
    """Imports inside functions and under `TYPE_CHECKING` count; nothing imports from the root but names of the root."""
    own = home(name)
    for target in imports(SOURCES[name]):
        if target == "trialsched":
            pytest.fail(f"{name} imports from the root")
        if target.startswith("trialsched."):
            other = home(target.removeprefix("trialsched."))
            assert other == own or FLOORS[other] < FLOORS[own], f"{name} imports {target}"


@pytest.mark.parametrize("name", MODULES)
def test_a_package_has_no_cycles_inside(name: str) -> None:
    """Seen from inside, a package's modules import each other without a circle, and never their own `__init__`."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        at = waiting.pop()
        for target in imports(SOURCES[at]):
            inner = target.removeprefix("trialsched.")
            if (
                target.startswith("trialsched.")
                and home(inner) == home(name)
                and inner in SOURCES
                and inner not in seen
            ):
                assert inner != name, f"{name} imports itself through {at}"
                seen.add(inner)
                waiting.append(inner)


@pytest.mark.parametrize("name", MODULES)
def test_each_package_is_used_where_it_is_meant(name: str) -> None:
    """Pydantic and tomli_w are for documents, icalendar and pendulum for calendars, click and rich for commands."""
    import sys

    allowed = THIRD_PARTY.get(home(name), set())
    roots = {target.partition(".")[0] for target in imports(SOURCES[name])}
    assert roots - sys.stdlib_module_names - {"trialsched"} <= allowed


# Of `os` only a type is named (`from os import PathLike`); `import os` would ask the machine.
CLOCKS = {"os", "now", "utcnow", "today", "time_ns", "monotonic", "perf_counter", "getenv", "environ", "getlocale",
          "setlocale", "localtime", "gmtime", "random", "uuid4", "uuid1", "urandom"}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in MODULES if home(name) not in ("cli", "__main__")])
def test_no_clock_no_locale_no_environment_no_randomness_below_the_command_line(name: str) -> None:
    """Same input, same bytes, on every machine and in every time zone (design 12)."""
    tree = ast.parse(SOURCES[name].read_text("utf-8"))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.name for node in ast.walk(tree) if isinstance(node, ast.alias)}
    assert not used & CLOCKS
    assert not {"locale", "random", "time", "secrets"} & {t.partition(".")[0] for t in imports(SOURCES[name])}


@pytest.mark.parametrize("name", SOURCES)
def test_nothing_is_caught_blindly(name: str) -> None:
    """No `except Exception`, no bare `except`; nothing unreadable becomes a default (design 12)."""
    for node in ast.walk(ast.parse(SOURCES[name].read_text("utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type
            assert caught is not None
            names = [n.id for n in ast.walk(caught) if isinstance(n, ast.Name)]
            assert "Exception" not in names
            if "BaseException" in names:  # only to clean up, then raised again
                assert isinstance(node.body[-1], ast.Raise)


@pytest.mark.parametrize("name", SOURCES)
def test_modules_stay_readable(name: str) -> None:
    """No module past 700 lines."""
    assert len(SOURCES[name].read_text("utf-8").splitlines()) <= 700


CORE = ("offsets", "protocol", "subject", "plan")


@pytest.mark.parametrize("name", [name for name in MODULES if home(name) in CORE])
def test_constructors_have_few_keywords(name: str) -> None:
    """No constructor past about 8 keywords: they are grouped, as `Timing` and `Meta` are; a protocol has one more."""
    most = 10 if name == "protocol.model" else 9
    for node in ast.walk(ast.parse(SOURCES[name].read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            assert len(node.args.args) + len(node.args.kwonlyargs) - 1 <= most
