"""A trial's folder for tests of what is written to it, and the command line run inside of this process."""

from importlib.resources import files
from pathlib import Path

import pytest

from tests.support.shell import Result
from trialsched.cli import main
from trialsched.formats import journal, records
from trialsched.formats.journal import State

SUBJECTS = "subject,baseline\nP01-007,2026-03-02\nP01-008,2026-03-09\n"
VISITS = "subject,visit,booked,booked_time,attended,mode,outcome,note\nP01-007,DOSE1,,,2026-03-04,,,\n"

# Three visits: what a command needs to know the codes, quickly read.
SMALL = """
schema = "trialsched/protocol/1"
id = "small"
version = "1"
anchor = "DOSE1"
unscheduled = ["UNS*"]
[[visits]]
code = "DOSE1"
epoch = "treatment"
mode = "on-site"
[[visits]]
code = "DOSE2"
epoch = "treatment"
mode = "on-site"
when = "30 days after DOSE1"
[[visits]]
code = "M03"
epoch = "follow-up"
mode = "phone"
when = "3 months after DOSE1"
"""


class Folder:
    """The folder `trial` inside of another, by the bundled protocol; called, it runs a command beside it."""

    def __init__(self, above: Path, capsys: pytest.CaptureFixture[str] | None = None) -> None:
        """Make the folder with two subjects and one record."""
        self.path = above / "trial"
        self.path.mkdir()
        protocol = (files("trialsched") / "protocols" / "alstem.toml").read_bytes()
        (self.path / "protocol.toml").write_bytes(protocol)
        self.put("subjects.csv", SUBJECTS)
        self.put("visits.csv", VISITS)
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Result:
        """Run a command in this process; the folder above is the working directory."""
        assert self._capsys is not None
        self._capsys.readouterr()
        code = main(arguments)
        out, err = self._capsys.readouterr()
        return Result(code, out.encode(), err)

    def record(self, *arguments: str) -> Result:
        """Run `record trial ... --by AN`."""
        return self("record", "trial", *arguments, "--by", "AN")

    def verify(self, *arguments: str) -> Result:
        """Run `journal verify trial`."""
        return self("journal", "verify", "trial", *arguments)

    def put(self, name: str, text: str) -> None:
        """Write a file of the folder as it is given."""
        (self.path / name).write_bytes(text.encode())

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace words of a file by hand."""
        text = self.text(name)
        assert old in text
        self.put(name, text.replace(old, new))

    def text(self, name: str) -> str:
        """Return what a file holds."""
        return (self.path / name).read_bytes().decode()

    def names(self) -> list[str]:
        """Return the names of the files, but those of the protocol and the lock."""
        return sorted({path.name for path in self.path.iterdir()} - {"protocol.toml", "events.lock"})

    def entries(self) -> tuple[journal.Entry, ...]:
        """Return the entries of the journal, which is whole."""
        read = journal.loads((self.path / "events.jsonl").read_bytes())
        assert not read.problems
        assert not read.tail
        return read.entries

    def replayed(self) -> State:
        """Return what the journal gives."""
        return journal.replay(self.entries())

    def listed(self, dates: str | None = None) -> State:
        """Return what the lists say."""
        subjects = records.loads_subjects((self.path / "subjects.csv").read_bytes(), dates=dates)
        visits = records.loads((self.path / "visits.csv").read_bytes(), dates=dates)
        assert not subjects.problems
        assert not visits.problems
        return journal.state_of((r.subject for r in subjects.rows), ((r.subject, r.record) for r in visits.rows))
