"""Events that are calendars of their own, as a CalDAV server keeps them: each is updated alone.

What is wrong with one, or with the time zones in it, touches no other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from trialsched.errors import InvalidValueError
from trialsched.formats.ical.copies import Copies
from trialsched.formats.ical.exporting import prepared
from trialsched.formats.ical.lines import escape, unescape
from trialsched.formats.ical.outcome import EventChange
from trialsched.formats.ical.pieces import split
from trialsched.formats.ical.style import STAFF, Style
from trialsched.formats.ical.uids import NAME_BASED, owner_name
from trialsched.formats.ical.updating import first, updated
from trialsched.formats.ical.writing import aware, basic_utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from trialsched.clinic import Clinic
    from trialsched.formats.ical.outcome import Note
    from trialsched.formats.ical.revising import Owned
    from trialsched.plan import Plan


class Fault(NamedTuple):
    """An entry that cannot be updated, and why; subject and visit are '' when the plan does not have it any more."""

    uid: str
    subject: str
    visit: str
    message: str


@dataclass(slots=True)
class EntriesUpdate:
    """Each event as it is to stand now, by UID; what changed, what could not be kept, what could not be read."""

    data: dict[str, bytes] = field(default_factory=dict)
    changes: list[EventChange] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


class Entries:
    """The events of a plan, or of several, each for itself. Arguments, and what is raised, as of `update`.

    `order` has their UIDs in the order of the plans, also of those that are left out of a new calendar; `owners` the
    marks of their subjects, `titles` their titles as they are written.
    """

    def __init__(
        self,
        plans: Plan | Iterable[Plan],
        *,
        stamp: datetime,
        study_key: str | None = None,
        clinic: Clinic | None = None,
        style: Style = STAFF,
    ) -> None:
        """Make the events of the plans."""
        self._head, self._owned = prepared(plans, study_key, clinic, style)
        self._moment = basic_utc(aware(stamp))
        events = [event for one in self._owned for event in one.events]
        self.order = {event.uid: place for place, event in enumerate(events)}
        self.owners = {owner_name(one.key, one.subject) for one in self._owned}
        self.titles = {escape(event.summary) for event in events}

    def update(self, previous: Mapping[str, bytes]) -> EntriesUpdate:
        """Return every event over what stands there now, by its UID; an event that stands nowhere is new.

        Of what stands there under the UID of no visit, the events of these subjects become cancelled ones; an id
        that is none of ours is left out.
        """
        found = EntriesUpdate()
        for one in self._owned:
            for event in one.events:
                alone = one._replace(events=[event])
                if event.uid in previous:
                    self._take(found, event.uid, previous[event.uid], [alone])
                else:
                    self._make(found, alone)
        nothing = [one._replace(events=[]) for one in self._owned]
        for uid, data in previous.items():
            if uid not in self.order and NAME_BASED.fullmatch(uid):
                self._take(found, uid, data, nothing)
        return found

    def copies(self, titles: Iterable[str]) -> list[Note]:
        """Return a note for each subject of whom visits stand there under other ids, by the titles of such events.

        Titles are as they stand in calendars; in those for participants they name no visit.
        """
        if self._head.audience == "participant":
            return []
        found = Copies((one.subject, event.visit) for one in self._owned for event in one.events if not event.related)
        for title in titles:
            found.see_title(unescape(title))
        return found.notes()

    def _make(self, found: EntriesUpdate, alone: Owned) -> None:
        (event,) = alone.events
        made = split(first([alone], self._head, self._moment).data)
        if event.uid in made:
            found.data[event.uid] = made[event.uid]
            change = EventChange(alone.subject, event.visit, "added", None, event.start, event.status, event.uid, None)
            found.changes.append(change)

    def _take(self, found: EntriesUpdate, uid: str, data: bytes, owned: list[Owned]) -> None:
        try:
            made = updated(owned, self._head, self._moment, data)
            piece = split(made.data)[uid] if made.changes else data
        except InvalidValueError as error:
            event = owned[0].events[0] if owned[0].events else None
            subject, visit = (owned[0].subject, event.visit) if event else ("", "")
            found.faults.append(Fault(uid, subject, visit, error.message))
            return
        found.data[uid] = piece
        found.changes += made.changes
        found.notes += made.notes
