"""Runs the code blocks of README.md and docs/: each document in a folder of its own, its blocks in order.

* `python` blocks are executed, what `>>>` lines print is compared; names live through the document.
* `console` blocks: each line after `$ ` is run by bash, and what it prints (standard error too) is compared with the
  lines below it, where `...` stands for anything.
* The example trial folder of `examples/trial` is there as it is, and as `trial`: copies for each document.
* `toml NAME`, `csv NAME`, `json NAME` and `python NAME` blocks are written to the file NAME of that folder.
* `text` blocks are pictures, not run. `sh` blocks are the README's two commands, which `.ci/run` runs literally in
  fresh environments. Any other kind of block is an error.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path
from typing import Any

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

_INFO = re.compile(r"(?P<language>[^\s]*)[ ]?(?P<name>[^\n]*)$\n", re.MULTILINE)
_EXAMPLE = Path(__file__).parent / "examples" / "trial"
_FILES = ("toml", "csv", "json", "python")


def _fences(document: Document) -> Iterable[Region]:
    """Give every fenced block but plain `python` its evaluator."""
    for region in RawFencedCodeBlockLexer(_INFO)(document):
        language, name = region.lexemes["language"], region.lexemes["name"].strip()
        region.parsed = region.lexemes["source"]
        if language == "console" and not name:
            region.evaluator = _run
        elif language in _FILES and name:
            region.evaluator = _write
        elif (language, name) in (("python", ""), ("text", "")) or (language == "sh" and "README" in document.path):
            continue
        else:
            region.evaluator = _refuse
        yield region


def _write(example: Example) -> None:
    (Path.cwd() / example.region.lexemes["name"].strip()).write_text(example.parsed, encoding="utf-8", newline="")


def _refuse(example: Example) -> None:
    pytest.fail(
        f"a block of an unknown kind: {example.region.lexemes['language']!r} {example.region.lexemes['name']!r}"
    )


def _transcript(text: str) -> Iterator[tuple[str, str]]:
    """Yield (command, what it prints)."""
    if not text.startswith("$ "):
        pytest.fail(f"a console block begins with a command: {text[:40]!r}")
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        while command.endswith("\\"):
            more, _, printed = printed.partition("\n")
            command += f"\n{more}"
        yield command, printed


def _run(example: Example) -> None:
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "PYTHONUTF8": "1"}
    for command, expected in _transcript(example.parsed):
        done = subprocess.run(
            ["bash", "-c", command],  # noqa: S607 - the one of the machine
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            encoding="utf-8",
            check=False,
        )
        wanted = f"{expected.rstrip()}\n" if expected.strip() else ""
        printed = f"{done.stdout.rstrip()}\n" if done.stdout.strip() else ""
        if not OutputChecker().check_output(wanted, printed, ELLIPSIS):
            pytest.fail(f"$ {command}\nexpected:\n{wanted}\nprinted (exit code {done.returncode}):\n{printed}")


def _enter(namespace: dict[str, Any]) -> None:
    namespace["__folder__"] = tempfile.mkdtemp()
    namespace["__back__"] = Path.cwd()
    for copy in ("examples/trial", "trial"):
        shutil.copytree(_EXAMPLE, Path(namespace["__folder__"]) / copy)
    os.chdir(namespace["__folder__"])


def _leave(namespace: dict[str, Any]) -> None:
    os.chdir(namespace["__back__"])
    shutil.rmtree(namespace["__folder__"])


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), _fences],
    patterns=["README.md", "docs/*/*.md", "docs/*/*/*.md"],  # each star is one folder
    setup=_enter,
    teardown=_leave,
).pytest()
