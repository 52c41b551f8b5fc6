"""Write every output of ten subjects and of the example trial into a folder: run under many zones and the like.

Arguments: the folder, then the zone, locale and hash seed that must be in effect.
"""

import contextlib
import io
import locale
import os
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import trialsched as ts
from trialsched.cli import main
from trialsched.formats import deviations, documents, ical, journal, records, results, sdtm

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

# What really happened, of the example trial, which has every status and every finding.
EXAMPLE = Path(__file__).parents[2] / "examples" / "trial"
DAY, STAMP = date(2026, 7, 1), datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
WEEK = ("--from", "2026-07-01", "--to", "2026-07-07")
for words in (("check",), ("worklist", *WEEK), ("adherence",), ("deviations",)):
    for form in ("table", "json", "csv", "markdown"):
        command(f"{words[0]}.{form}", words[0], str(EXAMPLE), *words[1:], "--as-of", str(DAY), "--format", form)
    command(
        f"{words[0]}-excel.csv", words[0], str(EXAMPLE), *words[1:], "--as-of", str(DAY), "--format", "csv", "--excel"
    )
for name, option in (("check", "findings"), ("adherence", "rates")):
    command(f"{name}-{option}.csv", name, str(EXAMPLE), f"--{option}", "--as-of", str(DAY), "--format", "csv")
command("", "sdtm", str(EXAMPLE), "--as-of", str(DAY), "--stamp", "2026-07-01T09:00:00Z")

trial = ts.load_trial(EXAMPLE)
reports = list(trial.reports(DAY))
people = {subject.code: subject.records for subject in trial.subjects}
(folder / "records.json").write_text(records.dumps_json(trial.subjects), encoding="utf-8", newline="")
for name, dates, excel in (("", None, False), ("-excel", "dd.mm.yyyy", True)):
    for kind, text in (
        ("visits", records.dumps(people, dates=dates, excel=excel)),
        ("subjects", records.dumps_subjects(trial.subjects, dates=dates, excel=excel)),
    ):
        (folder / f"{kind}{name}.csv").write_text(text, encoding="utf-8", newline="")
log = deviations.merge(reports)
again = deviations.merge(reports[1:], deviations.loads(deviations.dumps(log).encode()), complete=True)
(folder / "log-again.csv").write_text(deviations.dumps(again), encoding="utf-8", newline="")
held = [(code, record) for code, some in people.items() for record in some]
state = journal.state_of(trial.subjects, held)
later = journal.state_of(trial.subjects, [*held, ("P01-009", ts.VisitRecord("DOSE2", attended=DAY, note="zażółć"))])
entries = journal.append(None, [journal.begin(state)], at=STAMP, by="AN")
made = map(journal.change, journal.differences(state, later))
entries += journal.append(entries[-1], made, at=STAMP + timedelta(1), by="Łucja", reason="it was snowing")
(folder / "events.jsonl").write_bytes(journal.dumps(entries))
found = ical.loads(ical.dumps(reports[0].plan, stamp=STAMP, clinic=trial.clinic), reports[0].plan, clinic=trial.clinic)
told = [repr(report) for report in reports] + [repr(row) for report in reports for row in report.findings]
told += [
    repr(ts.nearest(reports[0].plan, DAY)),
    repr(ts.analysis_windows(reports[0].plan)),
    repr(found),
    repr(found.notes),
]
told += [repr(sdtm.datasets(reports))]
(folder / "told.txt").write_text("\n".join(told), encoding="utf-8")
