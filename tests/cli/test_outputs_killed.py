"""Killing the commands that write outputs: each file is the one before or the new one, and the next run goes on."""

import os
import shutil
from pathlib import Path

import pytest

from tests.support.folders import SMALL, Folder
from tests.support.killing import dying, killed
from trialsched.cli import main

AS_OF = ("--as-of", "2026-05-04")
STAMP = ("--stamp", "2026-05-04T09:00:00Z")
LEFT = ".site.ics.0123456789abcdef.part"
COMMANDS = [
    (("ics", "trial", *STAMP, "-o", "out"), "first"),
    (("ics", "trial", *STAMP, "-o", "out"), "again"),
    (("ics", "trial", *STAMP, "--combined", "out/site.ics"), "again"),
    (("deviations", "trial", *AS_OF, "-o", "out/log.csv"), "again"),
    (("sdtm", "trial", *AS_OF, *STAMP, "--number-by-position", "-o", "out"), "again"),
]
SAME = {"P01-008.ics", "tv.csv", "tv.json"}  # what does not change with a fact of P01-007


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Return a trial's folder, beside which commands run; what a killed process wrote is there without a wait."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    folder = Folder(tmp_path)
    folder.put("protocol.toml", SMALL)
    return folder


def held(folder: Path) -> dict[str, bytes]:
    """Return what the files of a folder hold, but parts."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(".part")}


@pytest.mark.parametrize(
    ("command", "when"), COMMANDS, ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_an_output_that_is_killed_anywhere_is_whole(trial: Folder, command: tuple[str, ...], when: str) -> None:
    """Before each line that writes, a first run and one over an earlier output: the same command then ends it."""
    out, before = Path("out"), Path("before")
    out.mkdir()
    if when == "again":
        assert main(command) == 0
    trial.edit("visits.csv", "2026-03-04,,,\n", "2026-03-14,,,\nP01-007,DOSE2,,,2026-03-13,,,\n")
    (out / LEFT).write_bytes(b"half")  # of a process that was killed before
    shutil.copytree(out, before)
    old = held(out)
    assert main(command) == 0
    new = held(out)
    assert {name for name, data in new.items() if old.get(name) == data} <= SAME
    number = 0
    while True:
        number += 1
        shutil.rmtree(out)
        shutil.copytree(before, out)
        alive = not killed(dying(command, number))
        found = held(out)
        assert found.keys() >= old.keys()
        assert all(data in {old.get(name), new.get(name)} for name, data in found.items())
        if alive:
            break
        assert main(command) == 0
        assert held(out) == new
        assert sorted(path.name for path in out.iterdir()) == sorted(new)  # and no part is left
    assert number > 20  # it was killed somewhere
    assert found == new
