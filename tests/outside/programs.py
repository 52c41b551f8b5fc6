"""The judges: how each is started, and what it answered for all files of a folder."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.outside.reading import ABSENT, Event, Verdict

ROOT = Path(__file__).parents[2]
JUDGES = ("ical_js", "ical", "vobject", "icalendar", "recurring", "libical")
# Those that need packages which cannot all live in one environment with ours run by a Python of their own.
_APART = ("ical", "vobject", "recurring")


def _command(judge: str) -> Sequence[str]:
    if judge == "ical_js":
        modules = os.environ.get("TRIALSCHED_NODE_MODULES")
        node = shutil.which("node")
        if modules is None or node is None:
            pytest.skip("no node, or TRIALSCHED_NODE_MODULES does not name the folder that holds npm's ical.js")
        return [node, str(Path(__file__).with_name("judge_ical_js.mjs")), str(Path(modules) / "ical.js")]
    python = os.environ.get("TRIALSCHED_JUDGES", sys.executable) if judge in _APART else sys.executable
    return [python, "-m", f"tests.outside.judge_{judge}"]


def ask(judge: str, folder: Path) -> dict[str, Verdict]:
    """Let one program read all files of a folder, in one process; skip with the reason when it is not there."""
    done = subprocess.run([*_command(judge), str(folder)], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    if done.returncode == ABSENT:
        pytest.skip(f"the program of the judge {judge} is not installed: {done.stderr.strip()}")
    assert done.returncode == 0, f"{judge} ended with {done.returncode}: {done.stderr}"
    answers = json.loads(done.stdout)
    return {
        name: Verdict(complaints, [Event(*event) for event in events]) for name, (complaints, events) in answers.items()
    }
