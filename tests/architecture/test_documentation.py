"""The reference pages name everything there is, and nothing that is not."""

import importlib
import pkgutil
import re
from datetime import date
from pathlib import Path
from types import ModuleType

import click
import pytest

import trialsched as ts
from trialsched import adherence, analysis, formats, worklist
from trialsched.cli.commands import cli
from trialsched.formats import results
from trialsched.formats.documents import tables

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def page(name: str) -> str:
    """Return a reference page."""
    return (REFERENCE / name).read_text("utf-8")


def quoted(text: str) -> set[str]:
    """Return every word that stands in code quotes outside of blocks."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return set(re.findall(r"[\w.-]+", " ".join(re.findall(r"`([^`\n]+)`", prose))))


def test_the_api_page_names_every_public_name() -> None:
    """Each name of `__all__` stands on the API page."""
    assert set(ts.__all__) <= quoted(page("api.md"))


def test_the_api_page_names_every_public_attribute() -> None:
    """What a Protocol, Subject, Plan, row, range or record offers stands on the API page."""
    words = {word.lstrip(".") for word in quoted(page("api.md"))} | set(re.findall(r"\w+", page("api.md")))
    classes: tuple[type, ...] = (ts.Offset, ts.Window, ts.DateRange, ts.Protocol, ts.Subject, ts.VisitRecord)
    classes += (ts.Plan, ts.PlannedVisit, ts.Clinic, ts.Contact)
    for owner in classes:
        names = {name for name in dir(owner) if not name.startswith("_")} - set(dir(tuple)) - {"scratch", "document"}
        assert names - {"_FACT"} <= words, owner


FORMATS = [
    importlib.import_module(f"{formats.__name__}.{found.name}") for found in pkgutil.iter_modules(formats.__path__)
]


@pytest.mark.parametrize("module", FORMATS, ids=lambda module: module.__name__)
def test_the_api_page_names_every_verb_of_the_formats(module: ModuleType) -> None:
    """The functions of each format stand in its row of the API page."""
    rows = {
        row.split("`")[1].rpartition(".")[2]: row
        for row in page("api.md").splitlines()
        if row.startswith("| `trialsched.formats.")
    }
    name = module.__name__.rpartition(".")[2]
    own = {k for k, v in vars(module).items() if callable(v) and not isinstance(v, type) and k[0] not in "_A"}
    verbs = {k for k in own if getattr(vars(module)[k], "__module__", "").startswith(module.__name__)}
    told = set(re.findall(r"\w+", rows[name]))
    assert verbs
    assert verbs <= told


def public(module: ModuleType) -> set[str]:
    """Return the names that a module or package offers: its `__all__`, else what is made in it or is a constant."""
    if hasattr(module, "__all__"):
        return set(module.__all__)
    own = {k for k, v in vars(module).items() if k.isupper() or getattr(v, "__module__", "") == module.__name__}
    return {name for name in own if not name.startswith("_")} - IMPORTED


IMPORTED = {"TYPE_CHECKING", "IO", "KINDS", "MODES", "BOM", "ISO", "MAX_PROBLEMS"}  # in capitals, and of other modules


@pytest.mark.parametrize("module", [*FORMATS, analysis, worklist, adherence], ids=lambda module: module.__name__)
def test_the_api_page_names_all_of_a_module(module: ModuleType) -> None:
    """Each public name of the formats and of what is made from reports, and each field and method of its classes."""
    text = page("api.md")
    names, words = quoted(text), set(re.findall(r"\w+", text))
    names |= {part for name in names for part in name.split(".")}
    assert public(module) - names == set()
    for name in public(module):
        owner = getattr(module, name)
        if isinstance(owner, type) and owner.__module__.startswith("trialsched."):
            inherited = set(dir(tuple)) | set(dir(dict)) | set(dir(UserWarning))
            fields = {field for field in dir(owner) if not field.startswith("_")} - inherited
            assert fields - words == set(), name


def commands(group: click.Group, name: str = "") -> dict[str, click.Command]:
    """Return every command by its words."""
    found: dict[str, click.Command] = {}
    for word, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= commands(command, f"{name}{word} ")
        else:
            found[f"{name}{word}"] = command
    return found


def test_the_command_page_names_every_command_and_option() -> None:
    """Each command, option and argument stands on the page, and no option that there is not."""
    text = page("cli.md")
    there = {"--version", "--help", "-h"}
    for name, command in commands(cli).items():
        assert f"`{name.split()[0]}" in text
        there |= {opt for parameter in command.params for opt in parameter.opts}
        for parameter in command.params:
            if isinstance(parameter, click.Argument):
                assert str(parameter.metavar or "bash|zsh|fish").split("|")[0] in text
    told = {word for word in quoted(text) if word.startswith("-")}
    assert {opt for opt in there if opt.startswith("-")} - told == set()
    assert {word for word in told if word.startswith("--")} - there == set()


def test_the_document_page_has_a_row_for_every_key() -> None:
    """Each key of each table is in a table of the document page."""
    text = page("document-format.md")
    for model in (tables.DocumentTable, tables.VisitTable, tables.CycleTable, tables.SpacingTable, tables.RuleTable):
        for name, field in model.model_fields.items():
            assert f"`{field.alias or name}`" in text


def test_the_json_page_has_a_row_for_every_field() -> None:
    """Each field of the plan's JSON is explained."""
    rows = quoted("\n".join(line for line in page("json.md").splitlines() if line.startswith("|")))
    plan = ts.schedule(ts.load_protocol("cycles"), ts.Subject("S", baseline=date(2026, 3, 2)))
    document = results.as_json(plan)
    assert set(document) | set(document["visits"][0]) | set(document["generator"]) <= rows | {"name", "version"}
    assert set(document["protocol"]) <= rows
