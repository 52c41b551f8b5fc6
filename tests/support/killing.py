"""Commands in a child of this process, killed before a line of the code that writes: no wait for Python to start."""

import os
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from trialsched.cli import files, ledger, main, parts

WRITING = {
    *(code.co_name for code in (ledger.Ledger.write.__code__, ledger.Ledger.finish.__code__, ledger.keep.__code__)),
    *("_mend", "_replace", "_append", "_note", "_remember", "_put", "_write", "save", "sync_folder"),
    *("replace_all", "_part", "_held", "_sweep_one"),
}
SOURCES = {ledger.__file__, files.__file__, parts.__file__}


def killed(action: Callable[[], object]) -> bool:
    """Run an action in a child, and return whether it was killed; a child that ends by itself ended well."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of threads: there are none
        child = os.fork()
    if child == 0:
        code = 99
        try:
            sys.stdout = sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - to the end
            code = int(bool(action()))
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def dying(arguments: tuple[str, ...], number: int) -> Callable[[], int]:
    """Return the command, which is killed before the line of that number of those that write."""

    def run() -> int:
        left = number

        def line(frame: FrameType, event: str, _: Any) -> Any:  # noqa: ANN401 - as Python calls it
            nonlocal left
            code = frame.f_code
            if code.co_filename not in SOURCES or code.co_name not in WRITING:
                return None
            if event == "line":
                left -= 1
                if left == 0:
                    die()
            return line

        sys.settrace(line)
        return main(arguments)

    return run
