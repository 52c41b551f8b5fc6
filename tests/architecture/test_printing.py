"""Nothing is printed past the functions that make it safe: what was read cannot steer a terminal."""

import ast
from pathlib import Path

import pytest

import trialsched

ROOT = Path(trialsched.__file__).parent
SOURCES = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}
PRINTING = "cli/printing.py"  # its `put` prints a line
TABLES = "cli/tables.py"  # its `Text` is what tables are made of
WRITERS = {"echo", "secho", "echo_via_pager", "print", "prompt", "confirm"}
STREAM_WRITERS = (".write", ".writelines")


def writes(tree: ast.AST) -> list[str]:
    """Return the calls that print: `print`, click's, and those that write to the standard streams."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        library, _, name = called.partition(".")
        by_library = library in {"click", "rich"} and name in WRITERS
        to_stream = called.startswith(("sys.stdout.", "sys.stderr.")) and called.endswith(STREAM_WRITERS)
        if called == "print" or by_library or to_stream:
            found.append(f"line {node.lineno}: {called}")
    return found


@pytest.mark.parametrize("name", sorted(set(SOURCES) - {PRINTING}))
def test_only_put_prints(name: str) -> None:
    """A line is printed by `put` of cli/printing.py, which makes it safe: use that instead of click.echo."""
    assert writes(ast.parse(SOURCES[name].read_text("utf-8"))) == []


@pytest.mark.parametrize("name", sorted(set(SOURCES) - {TABLES}))
def test_tables_are_made_of_safe_text(name: str) -> None:
    """A text of rich's is made by `Text` of cli/tables.py, which makes it safe: import that instead of rich.text."""
    assert "rich.text" not in SOURCES[name].read_text("utf-8")


def test_the_search_finds_what_prints() -> None:
    """Each way to print is seen by the test above."""
    source = "click.echo(1)\nprint(1)\nsys.stdout.write(1)\nsys.stderr.writelines(1)\nclick.secho(1)\nput(1)"
    assert len(writes(ast.parse(source))) == 5
