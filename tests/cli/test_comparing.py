"""What moves between two plans, and by an amendment."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import trialsched as ts
from tests.support.shell import Result, trialsched
from trialsched.formats import documents

Run = Callable[..., Result]


def version(number: str, in_force: date | None, window: str, *more: ts.Visit) -> ts.Protocol:
    """Return a version of a small protocol with a window of its own around W4."""
    visits = [ts.Visit("D0", "on-site", ts.Timing(window="±7 days"))]
    visits += [ts.Visit("W4", "phone", ts.Timing("28 days after D0", window=window)), *more]
    return ts.Protocol("demo", number, "D0", visits, meta=ts.Meta(in_force=in_force))


ONE = version("1", None, "±3 days", ts.Visit("W6", "phone", "42 days after D0"))
TWO = version("2", date(2026, 5, 1), "±5 days", ts.Visit("W8", "phone", "56 days after D0"))
THREE = version("3", date(2026, 9, 1), "±5 days", ts.Visit("W8", "phone", "57 days after D0"))
SUBJECTS = "subject,baseline\nP1,2026-03-02\nP2,2026-04-06\nP3,soon\nP4,2026-04-20\n"
# W4 of P1 is targeted at 30 March, of P2 at 4 May, of P4 at 18 May.
VISITS = "subject,visit,attended\nP1,W4,2026-04-30\nP2,W4,2026-05\nP4,W4,2026-05-01\n"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs a command in a folder of its own, with a trial of two versions."""
    folder = tmp_path / "trial"
    folder.mkdir()
    for protocol in (ONE, TWO):
        (folder / f"protocol-{protocol.version}.toml").write_text(documents.dumps(protocol), "utf-8")
    (folder / "subjects.csv").write_text(SUBJECTS)
    (folder / "visits.csv").write_text(VISITS)
    return lambda *arguments, **options: trialsched(*arguments, cwd=tmp_path, **options)


def rows(text: str) -> dict[str, list[tuple[str, ...]]]:
    """Return the rows of tables by the subject above them, cells apart by two blanks or more."""
    found: dict[str, list[tuple[str, ...]]] = {}
    at = ""
    for line in text.splitlines():
        if re.fullmatch(r"P[0-9].*", line):
            at = line
            found[at] = []
        elif re.match(r" [A-Z][0-9] ", line):
            found[at].append(tuple(re.split(r" {2,}", line.strip())))
    return found


def test_what_an_amendment_moves_for_each_subject(run: Run) -> None:
    """The newest version against the one before; a visit attended before it came into force is judged by the other."""
    result = run("changes", "trial")
    assert result.code == 2
    assert result.err == "error: subjects.csv line 4: baseline: read 'soon', expected a date as 'YYYY-MM-DD'\n"
    lines = result.out.splitlines()
    assert lines[0] == "from demo 1 to demo 2, in force from 2026-05-01"
    assert [line.split(",")[0] for line in lines[-2:]] == ["protocol demo 1", "protocol demo 2"]
    assert rows(result.out) == {
        "P1": [("W8", "added", "-", "2026-04-27"), ("W6", "removed", "2026-04-13", "-")],
        "P2": [
            ("W4", "window", "2026-05-01 .. 2026-05-07", "2026-04-29 .. 2026-05-09"),
            ("W8", "added", "-", "2026-06-01"),
            ("W6", "removed", "2026-05-18", "-"),
        ],
        "P4": [
            ("W4", "window", "2026-05-15 .. 2026-05-21", "2026-05-13 .. 2026-05-23"),
            ("W8", "added", "-", "2026-06-15"),
            ("W6", "removed", "2026-06-01", "-"),
        ],
    }


def test_the_date_of_the_site_decides_what_is_settled(run: Run, tmp_path: Path) -> None:
    """With the amendment in force a month later here, what was attended in May is settled, all of it."""
    (tmp_path / "trial" / "trial.toml").write_text('schema = "trialsched/trial/1"\n[in_force]\n2 = 2026-06-01\n')
    out = run("changes", "trial").out
    assert out.startswith("from demo 1 to demo 2, in force from 2026-06-01\n")
    assert [row[0] for found in rows(out).values() for row in found] == ["W8", "W6"] * 3
    (tmp_path / "trial" / "trial.toml").write_text('schema = "trialsched/trial/1"\n[in_force]\n2 = 2026-05-31\n')
    assert [row[0] for found in rows(run("changes", "trial").out).values() for row in found].count("W4") == 1


def test_what_was_held_before_is_neither_removed_nor_added(run: Run, tmp_path: Path) -> None:
    """W6, which the amendment drops, and W8, which it brings, were held before it: nothing of them moves."""
    (tmp_path / "trial" / "visits.csv").write_text(f"{VISITS}P1,W6,2026-04-13\nP2,W8,2026-04-30\n")
    found = rows(run("changes", "trial").out)
    assert [row[0] for row in found["P1"]] == ["W8"]
    assert [row[0] for row in found["P2"]] == ["W4", "W6"]


def test_as_json_lines(run: Run, tmp_path: Path) -> None:
    """One document a line, of both versions; a file of it is replaced, being ours."""
    result = run("changes", "trial", "--format", "jsonl", "-o", "out.jsonl")
    assert (result.code, result.out) == (2, "")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["subject"] for line in lines] == ["P1", "P2", "P4"]
    assert [(line["old_protocol"]["version"], line["protocol"]["version"]) for line in lines] == [("1", "2")] * 3
    assert [change["visit"] for change in lines[0]["changes"]] == ["W8", "W6"]
    assert [change["visit"] for change in lines[1]["changes"]] == ["W4", "W8", "W6"]
    assert "already" not in run("changes", "trial", "--format", "jsonl", "-o", "out.jsonl").err
    assert run("changes", "trial", "-o", "out.jsonl").err.count("--force replaces it") == 1
    assert "use --format jsonl" in run("changes", "trial", "--format", "json").err


def test_any_two_versions_are_compared(run: Run, tmp_path: Path) -> None:
    """By default the newest and the one before it; `--from` and `--to` name others."""
    (tmp_path / "trial" / "protocol-3.toml").write_text(documents.dumps(THREE), "utf-8")
    for options, words in (
        ((), "from demo 2 to demo 3, in force from 2026-09-01"),
        (("--from", "1"), "from demo 1 to demo 3, in force from 2026-09-01"),
        (("--to", "2"), "from demo 1 to demo 2, in force from 2026-05-01"),
        (("--from", "2", "--to", "1"), "from demo 2 to demo 1"),
    ):
        assert run("changes", "trial", *options).out.splitlines()[0] == words
    assert rows(run("changes", "trial").out)["P2"] == [("W8", "target", "2026-06-01", "2026-06-02", "+1")]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ((), "a trial's folder, or OLD.json and NEW.json are meant; read no names"),
        (("a.json", "b.json", "c.json"), "a trial's folder, or OLD.json and NEW.json are meant; read 3 names"),
        (("a.json", "b.json", "--from", "1"), "a.json, b.json: two plans stand alone, each has its protocol and facts"),
        (("a.json", "b.json", "--subject", "P1"), "a.json, b.json: two plans stand alone"),
        (("trial", "--to", "1"), "--to: '1' is the first version; --from VERSION says what it is compared with"),
        (("trial", "--from", "2"), "--from: '2' is the version that it is compared with; expected another one"),
        (("trial", "--from", "2.0", "--to", "2,0"), "--from: no version '2.0' of demo; expected '2', the nearest one"),
        (("trial", "--to", "x"), "--to: no version 'x' of demo; expected one of 1, 2"),
        (("gone",), "gone: No such file or directory"),
        (("trial", "--protocol", "alstem"), "trial and --protocol exclude each other"),
        (("--protocol", "alstem", "--baseline", "2026-03-02"), "the only version is alstem 2022-05-03"),
        (("trial", "-o", ""), "--output: read ''"),
        (("-o", ""), "--output: read ''"),
        (("a.json", "b.json", "c.json", "-o", ""), "--output: read ''"),
    ],
)
def test_what_cannot_be_compared(run: Run, arguments: tuple[str, ...], fault: str) -> None:
    """Bad input, exit code 2, nothing printed."""
    result = run("changes", *arguments)
    assert (result.code, result.out) == (2, "")
    assert f"error: {fault}" in result.err


def test_of_two_faults_of_versions_both_are_said(run: Run) -> None:
    """One hides no other."""
    assert run("changes", "trial", "--from", "7", "--to", "8").err.count("error: ") == 2


def test_an_amendment_for_one_subject_that_is_typed(run: Run) -> None:
    """Versions by `--protocol`, the facts by options; one subject is one JSON document."""
    files = ("--protocol", "trial/protocol-2.toml", "--protocol", "trial/protocol-1.toml")
    facts = ("--subject", "P9", "--baseline", "2026-03-02", "--attended", "W4=2026-03-30")
    table = run("changes", *files, *facts)
    assert rows(table.out) == {"P9": [("W8", "added", "-", "2026-04-27"), ("W6", "removed", "2026-04-13", "-")]}
    text = run("changes", *files, *facts, "--format", "json").out
    assert [change["visit"] for change in json.loads(text)["changes"]] == ["W8", "W6"]
    assert text.startswith('{\n  "schema"')


def test_a_subject_for_whom_nothing_moves(run: Run, tmp_path: Path) -> None:
    """It is said."""
    (tmp_path / "trial" / "protocol-3.toml").write_text(documents.dumps(THREE), "utf-8")
    (tmp_path / "trial" / "visits.csv").write_text(VISITS + "P1,W8,2026-08-31\n")
    assert "P1: nothing moves" in run("changes", "trial").out.splitlines()
    (tmp_path / "trial" / "visits.csv").write_text(VISITS + "P1,W8,2026-09-01\n")
    assert "P1: nothing moves" not in run("changes", "trial").out.splitlines()
