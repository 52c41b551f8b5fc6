"""What became of a calendar: its bytes, what changed in it, and what of a person's could not be kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

ChangeKind = Literal["added", "moved", "cancelled", "restored", "status", "place", "text"]
NoteKind = Literal["moved", "edited", "twice", "left-out"]


class EventChange(NamedTuple):
    """What an update changed in one event.

    `visit` is the visit's code, 'M06 window' for a window, or the title when the code is not known any more. `uid` is
    the event's, `ends` are its ends before and now.

    `kind`: added, moved (start or end), cancelled, restored (a cancelled one that holds again), status, place, text.
    `old` and `new` are starts, `old` None for an added one; `status` is the STATUS it has now.
    """

    subject: str
    visit: str
    kind: ChangeKind
    old: date | None
    new: date
    status: str
    uid: str
    ends: tuple[date, date] | None

    def __str__(self) -> str:
        """Print the change in a line, as 'M06 2026-09-02 \u2192 2026-09-04'."""
        new = moment_text(self.new)
        if self.old is None or self.kind == "added":
            return f"{self.visit} {self.kind} {new}"
        old = moment_text(self.old)
        if self.kind == "moved" and old == new and self.ends is not None:  # only the end
            return f"{self.visit} {old} until {moment_text(self.ends[0])} \u2192 {moment_text(self.ends[1])}"
        if self.kind == "moved":
            return f"{self.visit} {old} \u2192 {new}"
        arrow = "" if old == new else f" \u2192 {new}"
        return f"{self.visit} {old}{arrow} {self.status.lower() if self.kind == 'status' else self.kind}"


class Note(NamedTuple):
    """What a person had changed and the update could not keep, or found twice; nothing of theirs goes unsaid."""

    uid: str
    subject: str
    visit: str
    kind: NoteKind
    message: str

    def __str__(self) -> str:
        """Print the note in a line."""
        where = " ".join(word for word in (self.subject, self.visit) if word)
        return f"{where}: {self.message}" if where else self.message


@dataclass(frozen=True, slots=True)
class Update:
    """A calendar as it is to be written now, what changed in it, and what of a person's could not be kept.

    `visits` is how many of the plans' visits it shows, which no comparison looks at: the bytes say it.
    """

    data: bytes
    changes: tuple[EventChange, ...]
    notes: tuple[Note, ...]
    visits: int = field(default=0, compare=False)


def moment_text(moment: date) -> str:
    """Return a date as 2026-09-02, a time as 2026-09-02 09:30."""
    if isinstance(moment, datetime):
        return f"{moment:%Y-%m-%d %H:%M}"
    return moment.isoformat()
