"""Write every output of ten subjects into a folder: run under many zones, locales and hash seeds.

Arguments: the folder, then the zone, locale and hash seed that must be in effect.
"""

import contextlib
import io
import locale
import os
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import trialsched as ts
from trialsched.cli import main
from trialsched.formats import documents, results

folder, zone, name, seed = Path(sys.argv[1]), *sys.argv[2:]
folder.mkdir()

# What the environment asks for is really in effect.
time.tzset()
offset = datetime(2026, 1, 1, 12, 0).astimezone().utcoffset()
assert offset == {"Pacific/Kiritimati": timedelta(hours=14), "America/St_Johns": -timedelta(hours=3, minutes=30)}[zone]
assert locale.setlocale(locale.LC_ALL, "") == name
assert time.strftime("%A", (2026, 3, 2, 0, 0, 0, 0, 61, 0)) == (
    "poniedzia\u0142ek" if name.startswith("pl") else "Monday"
)
assert locale.localeconv()["decimal_point"] == ("," if name.startswith("pl") else ".")
assert os.environ["PYTHONHASHSEED"] == seed
assert sys.flags.hash_randomization == (seed != "0")


def command(file: str, *arguments: str) -> None:
    """Run the command line into a file."""
    with contextlib.redirect_stderr(io.StringIO()):
        code = main([*arguments, "-o", str(folder / file)])
    assert code == 0, (file, arguments)


ALSTEM, CYCLES = ts.load_protocol("alstem"), ts.load_protocol("cycles")
for index in range(10):
    day = date(2023, 10, 31) + timedelta(41 * index)
    arm = ("A", "B")[index % 2]
    options = ["--baseline", str(day), "--subject", f"P{index}"]
    options += ["--protocol", "cycles", "--arm", arm] if index >= 5 else ["--attended", f"DOSE1={day + timedelta(2)}"]
    for form in ("table", "json", "jsonl", "csv"):
        command(f"{index}.{form}", "plan", *options, "--format", form)
    command(f"{index}.ics", "ics", *options, "--stamp", "2026-03-01T12:00:00+01:00")
    plan = ts.schedule(CYCLES, ts.Subject("S", baseline=day, arm=arm))
    texts = [results.dumps(plan, format="markdown"), documents.dumps(CYCLES), documents.dumps(ALSTEM, format="json")]
    texts += [ALSTEM.fingerprint, CYCLES.as_registered().fingerprint, *map(str, ts.lint(CYCLES))]
    other = ts.schedule(CYCLES, ts.Subject("S", baseline=day + timedelta(3), arm=arm))
    texts += [
        results.dumps_changes(plan, other),
        *(row.why for row in plan),
        repr(plan),
        repr(plan.rows),
    ]
    (folder / f"{index}.more").write_bytes("\n".join(texts).encode())
