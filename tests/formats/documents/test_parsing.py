"""What every kind of document has in common, held for the readers of protocols and of clinics alike."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import trialsched as ts
from trialsched.formats import documents
from trialsched.formats.documents import parsing
from trialsched.protocol import Found

READERS = [documents.loads, documents.loads_clinic]
LOADERS = [documents.load_protocol, documents.load_clinic]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("form", ["toml", "json"])
@pytest.mark.parametrize(
    ("data", "where", "message"),
    [
        (b"\xff\xfe", "line 1", "UTF-16: save the document as UTF-8"),
        ("id = 'x'\r\n".encode("utf-16"), "line 1", "UTF-16: save the document as UTF-8"),
        ("id = 'x'\r\n".encode("utf-16-be"), "line 1", "UTF-16: save the document as UTF-8"),
        (b"x = '\xc5'", "line 1", "not UTF-8: save the document as UTF-8"),
        (
            "id = 'x'\r\ntitle = 'Pr\u00f3ba'\r\n".encode("cp1250"),
            "line 2",
            "not UTF-8, it looks like Windows-1250 ('Pr\u00f3ba'): save the document as UTF-8",
        ),
        (b"x" * 1_000_001, "", "the document is too large"),
        ("\u0142" * 500_001, "", "the document is too large"),
        ("\x00", "", ""),
        ("x", "", ""),
        ("[" * 50_000, "", ""),
    ],
)
def test_what_is_no_document_is_one_problem(
    read: Callable[..., object], form: str, data: str | bytes, where: str, message: str
) -> None:
    """Too large, not UTF-8, not TOML or JSON: one clear problem, never a crash."""
    with pytest.raises(ts.DocumentError) as caught:
        read(data, format=form)
    (found,) = caught.value.problems
    assert (found.where, found.message) == (where, message) or not message


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "text", ["a." * 30_000 + "b = 1", '"a" . ' * 30_000 + "b = 1", "x = " + "[" * 50_000, "[" + "a." * 40 + "b]"]
)
def test_deep_nesting_is_refused_before_it_costs_time(read: Callable[..., object], text: str) -> None:
    """Lists, tables, and keys of many dots, for which a TOML reader takes quadratic time."""
    with pytest.raises(ts.DocumentError) as caught:
        read(text)
    assert caught.value.problems[0].message == "the document is nested too deeply"


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("in_force = 01.07.2026", "01.07.2026"),
        ("in_force = 1.7.2026  # the first of July", "1.7.2026"),
        ("in_force = 1/7/2026", "1/7/2026"),
        ("in_force = 01-07-2026", "01-07-2026"),
        ("in_force = 2026-13-15", "2026-13-15"),
        ("in_force = 2026-02-30", "2026-02-30"),
        ("in_force = 2026/07/01", "2026/07/01"),
        ("in_force = 2026-7-1", "2026-7-1"),
        ('[in_force]\n"2" = 15.05.2026', "15.05.2026"),
        ("in_force = { 2 = 15.05.2026 }", "15.05.2026"),
    ],
)
def test_a_date_of_another_form_is_told_with_the_right_one(read: Callable[..., object], line: str, value: str) -> None:
    """On its line; what was read, and what would be right."""
    with pytest.raises(ts.DocumentError) as caught:
        read(f"id = 'x'\n{line}\nversion = '1'\n")
    (found,) = caught.value.problems
    where = f"line {2 + line.count(chr(10))}, column "
    assert found.where.startswith(where)
    assert found.message == "not TOML: no date"
    assert (found.read, found.expected) == (value, "a day of the calendar as YYYY-MM-DD")


@pytest.mark.parametrize(
    "line",
    ["in_force = 2026-07-01 'x'", "version = 1.7.2", "x = 'a = 01.07.2026' y", "x = y # = 01.07.2026", "x = 01"],
)
def test_what_is_no_date_of_another_form_is_not_said_to_be_one(line: str) -> None:
    """A right date before something else, a version, a text, a comment: the parser's own words."""
    with pytest.raises(ts.DocumentError) as caught:
        documents.loads(f"{line}\n")
    (found,) = caught.value.problems
    assert found.message.startswith("not TOML: ")
    assert "no date" not in found.message
    with pytest.raises(ts.DocumentError, match="not JSON: "):
        documents.loads("[01.07.2026]", format="json")


@pytest.mark.parametrize(("read", "kind"), [(documents.loads, "protocol"), (documents.loads_clinic, "clinic")])
@pytest.mark.parametrize("text", ["[]", "3", '"x"', "null", "true"])
def test_json_that_is_no_table_is_said_to_be_none(read: Callable[..., object], kind: str, text: str) -> None:
    """JSON may be a list or a number; a document may not."""
    with pytest.raises(ts.DocumentError) as caught:
        read(text, format="json")
    assert caught.value.problems[0].message == f"not a {kind} document"


@pytest.mark.parametrize("read", READERS)
def test_other_types_and_formats_are_refused(read: Callable[..., object]) -> None:
    """Bytes or text; 'toml' or 'json'."""
    wrong: tuple[object, ...] = (12, None, ["x"], {})
    for data in wrong:
        with pytest.raises(ts.InvalidTypeError):
            read(data)
    with pytest.raises(ts.InvalidValueError) as caught:
        read("{}", format="yaml")
    assert caught.value.where == "format"


@pytest.mark.parametrize("load", LOADERS)
def test_a_file_is_known_by_its_suffix(load: Callable[[Any], object], tmp_path: Path) -> None:
    """Another one, none, a name that no file can have, and a file that is not there."""
    (tmp_path / "x.yaml").write_text("", "utf-8")
    for name in ("x.yaml", "x", "x.toml.txt", "a\0.toml"):
        with pytest.raises(ts.InvalidValueError):
            load(tmp_path / name)
    for name in ("nothing.toml", "nothing.json"):
        with pytest.raises(FileNotFoundError):
            load(tmp_path / name)


def test_every_table_and_list_has_its_place() -> None:
    """Keys with dots, places in lists from 0 in brackets, a long key cut."""
    raw = {"a": [1, {"b": []}], "c": {}, "k" * 100: [[]]}
    found = {where: level for where, level, _ in parsing.walk(raw)}
    assert found == {"": 1, "a": 2, "a[1]": 3, "a[1].b": 4, "c": 2, "k" * 80: 2, f"{'k' * 80}[0]": 3}


def test_keys_that_stand_twice_and_keys_that_are_no_text_are_noted() -> None:
    """The first are named by place; half of a surrogate pair is taken out."""
    found = Found()
    raw = parsing.parse(found, '{"a": {"b": 1, "b": 2}, "\\ud800": 1}', "json", "protocol")
    assert raw == {"a": {"b": 2}}
    told = {(p.where, p.read, p.message) for p in found.problems}
    assert told == {("a.b", "b", "the key stands twice"), ("", "'\\ud800'", "the key holds U+D800")}
