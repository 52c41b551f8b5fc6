"""Running the command line as people do: in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO, NamedTuple


class Result(NamedTuple):
    """What a command gave back."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        """Standard output as text."""
        return self.raw.decode()


def trialsched(
    *arguments: str,
    cwd: Path,
    env: dict[str, str] | None = None,
    stdout: IO[bytes] | int = subprocess.PIPE,
    before: str = "",
) -> Result:
    """Run `python -m trialsched` with some arguments in a folder, from a shell after some words where there are any."""
    command = [sys.executable, "-m", "trialsched", *arguments]
    if before:
        command = ["bash", "-c", f'{before} "$@"', "bash", *command]
    environment = {**os.environ, **(env or {})}
    done = subprocess.run(
        command, stdout=stdout, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=cwd, env=environment, check=False
    )
    return Result(done.returncode, done.stdout or b"", done.stderr.decode())
