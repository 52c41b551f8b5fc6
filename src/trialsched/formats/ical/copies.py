"""Events that a program wrote again under ids of its own: known by the titles that we would have written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trialsched._text import nfc
from trialsched.formats.ical.events import staff_title
from trialsched.formats.ical.outcome import Note
from trialsched.formats.ical.words import language, languages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trialsched.formats.ical.lines import Properties

# What Outlook writes before the title of a meeting that was called off, in English, and how the British spell it.
_CALLED_OFF = re.compile(r"\s*cancell?ed\s*:", re.IGNORECASE)


def titled_as_cancelled(event: Properties) -> bool:
    """Return whether an event's title begins with 'Canceled:' or 'Cancelled:', in any case of letters."""
    return any(_CALLED_OFF.match(line.text) for line in event.all("SUMMARY"))


class Titles:
    """The titles of visits in calendars for staff: (subject, visit) by title."""

    def __init__(self, visits: Iterable[tuple[str, str]]) -> None:
        """Take (subject code, visit code) of each visit."""
        self._visits = {_plain(staff_title(subject, code)): (subject, code) for subject, code in visits}
        self._cancelled = tuple(f"{language(tag).staff['cancelled']} " for tag in languages())

    def visit_of(self, event: Properties) -> tuple[str, str] | None:
        """Return (subject, visit) of an event by its title alone, or None: also of one that was called off."""
        found = (self.visit_titled(line.text) for line in event.all("SUMMARY"))
        return next((visit for visit in found if visit is not None), None)

    def visit_titled(self, text: str) -> tuple[str, str] | None:
        """Return (subject, visit) of a title, or None."""
        title = _plain(_CALLED_OFF.sub("", text, count=1))
        for word in self._cancelled:
            title = title.removeprefix(word)
        return self._visits.get(title)


class Copies:
    """What a file holds of visits under ids that are not ours, gathered event by event."""

    def __init__(self, visits: Iterable[tuple[str, str]]) -> None:
        """Take (subject code, visit code) of each visit; titles are made when an event of others is seen."""
        self._visits = visits
        self._titles: Titles | None = None
        self._found: dict[str, dict[str, None]] = {}

    def see(self, event: Properties) -> None:
        """Look at an event whose id is not ours."""
        self._titles = self._titles or Titles(self._visits)
        self._keep(self._titles.visit_of(event))

    def see_title(self, text: str) -> None:
        """Look at the title of an event whose id is not ours."""
        self._titles = self._titles or Titles(self._visits)
        self._keep(self._titles.visit_titled(text))

    def _keep(self, visit: tuple[str, str] | None) -> None:
        if visit is not None:
            self._found.setdefault(visit[0], {})[visit[1]] = None

    def notes(self) -> list[Note]:
        """Return a note for each subject: which visits stand there a second time."""
        words = (
            "events with the titles of these visits stand there under ids that are not ours, and are kept beside ours:"
            " delete them, if a program gave them new ids"
        )
        return [Note("", code, "", "twice", f"{', '.join(visits)}: {words}") for code, visits in self._found.items()]

    def hint(self) -> str:
        """Return what to add to the message that a file holds nothing of ours, '' when no title is ours."""
        for subject, visits in self._found.items():
            title = f"{subject} {next(iter(visits))}"
            return (
                f"; there are events titled {title!r} and alike: another study key, or a program that gave all events"
                " new ids"
            )
        return ""


def _plain(title: str) -> str:
    return " ".join(nfc(title).split())
