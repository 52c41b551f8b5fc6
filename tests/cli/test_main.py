"""Exit codes, and how light the commands are."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from trialsched import cli
from trialsched.cli import commands


def test_an_interruption_ends_with_130(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C says one word and ends with 130."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands.cli, "invoke", interrupted)
    assert cli.main(["plan"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_failure_outside_ends_with_3(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails is no bad input; the file is named."""

    def failing(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "/x/y.ics")

    monkeypatch.setattr(commands.cli, "invoke", failing)
    assert cli.main(["plan"]) == 3
    assert capsys.readouterr().err == "error: /x/y.ics: Permission denied\n"


def test_a_machine_without_memory_ends_with_3(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, as other failures outside."""

    def failing(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(commands.cli, "invoke", failing)
    assert cli.main(["plan"]) == 3
    assert capsys.readouterr().err == "error: there is not enough memory for this\n"


LOADED = """
import sys
from trialsched.cli import main
code = main(sys.argv[1:])
names = {"pydantic", "icalendar", "pendulum", "rich", "dateutil", "tomli_w", "hypothesis"}
print(code, *sorted(names & {name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        # issue of weight: `plan --format json` loads no rich, pendulum or icalendar; help and version none of these
        (("plan", "--baseline", "2026-03-02", "--format", "json"), {"rich", "pendulum", "icalendar", "hypothesis"}),
        (("--help",), {"pydantic", "icalendar", "pendulum", "rich", "hypothesis"}),
        (("plan", "--help"), {"pydantic", "icalendar", "pendulum", "rich", "hypothesis"}),
        (("--version",), {"pydantic", "icalendar", "pendulum", "rich", "hypothesis"}),
        (("ics", "--baseline", "2026-03-02", "--subject", "P1"), {"rich", "hypothesis"}),
    ],
)
def test_commands_load_only_what_they_need(tmp_path: Path, arguments: tuple[str, ...], absent: set[str]) -> None:
    """A command starts as fast as what it does allows."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    code, *loaded = done.stderr.splitlines()[-1].split()
    assert code == "0"
    assert not absent & set(loaded)


def test_an_interruption_of_the_end_shows_no_traceback() -> None:
    """A second Ctrl-C, when the command has ended and Python is leaving, ends the process and nothing more."""
    code = (
        "import atexit, os, signal, sys; from trialsched.__main__ import run; sys.argv = ['trialsched', '--version']; "
        "atexit.register(os.kill, os.getpid(), getattr(signal, NAME)); run()"
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        done = subprocess.run(
            [sys.executable, "-c", code.replace("NAME", repr(number.name))], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (-number, "")
        assert done.stdout.startswith("trialsched ")
