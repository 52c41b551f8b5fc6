"""Words in a reader's language: phrases from one file for each language, dates and plurals from pendulum's locale."""

from __future__ import annotations

import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pendulum

from trialsched._text import nearest_or, shown
from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.offsets import Offset

if TYPE_CHECKING:
    from datetime import date

    from pendulum.locales.locale import Locale

    from trialsched.offsets import Window
    from trialsched.plan import PlannedVisit
    from trialsched.protocol import Visit, When

DEFAULT = "en"
_SHORTEST = 28  # days of the shortest month: up to that day every month has the day of every other
_KEPT = 4096  # templates


@cache
def languages() -> tuple[str, ...]:
    """Return the tags of the languages that calendars can be written in."""
    folder = files("trialsched.formats.ical") / "languages"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def language(tag: str, where: str = "language") -> Language:
    """Return the language of a tag such as 'pl'; for 'pl-PL', that of its first part when it has no own.

    Raises `InvalidTypeError`, and `InvalidValueError` for one that there is no file of.
    """
    if not isinstance(tag, str):
        message = f"a language tag is meant, such as 'pl'; read {shown(tag)}"
        raise InvalidTypeError(message, where=where)
    known = languages()
    name = tag.lower().replace("_", "-")
    for found in (name, name.partition("-")[0]):
        if found in known:
            return _loaded(found)
    message = f"read {shown(tag)!r}, expected {nearest_or(tag, known, ' or '.join(map(repr, known)))}"
    raise InvalidValueError(message, where=where)


@cache
def _loaded(tag: str) -> Language:
    data = (files("trialsched.formats.ical") / "languages" / f"{tag}.toml").read_text("utf-8")
    return Language(tag, tomllib.loads(data))


class Language:
    """The phrases of one language by table and key, and how it writes dates and offsets."""

    def __init__(self, tag: str, phrases: dict[str, Any]) -> None:
        """Take the tables of a language's file; raises `InvalidValueError` when pendulum has no locale of its tag."""
        self.tag = tag
        self.staff: dict[str, str] = phrases["staff"]
        self.participant: dict[str, Any] = phrases["participant"]
        self.modes: dict[str, str] = phrases["modes"]
        self._why: dict[str, Any] = phrases["why"]
        self._date: str = phrases["date"]
        self._weekday_and_date: str = phrases["day"]
        self._locale = _locale(tag)
        days = self._locale.translation("days.wide")
        self.weekdays: tuple[str, ...] = tuple(days[index] for index in range(7))
        self.day = lru_cache(maxsize=4096)(self._day)
        self.date = lru_cache(maxsize=4096)(self._date_in_words)
        self._visit_why = lru_cache(maxsize=4096)(self._counted_from)
        self._templates: dict[tuple[int, str, bool], tuple[Visit, str]] = {}

    def _day(self, day: date) -> str:
        return self._weekday_and_date.format(weekday=self.weekdays[day.weekday()], date=day.isoformat())

    def _date_in_words(self, day: date) -> str:
        return pendulum.date(day.year, day.month, day.day).format(self._date, locale=self.tag)

    def offset(self, offset: Offset) -> str:
        """Return an offset in words: '3 months 2 days'."""
        return " ".join(self._units(n, unit) for n, unit in ((offset.months, "month"), (offset.days, "day")) if n) or (
            self._units(0, "day")
        )

    def _units(self, number: int, unit: str) -> str:
        forms = self._locale.translation(f"units.{unit}")
        words: str = forms[self._locale.plural(abs(number))]
        return words.format(number)

    def window(self, window: Window) -> str:
        """Return a window in words: '±7 days', '-3/+10 days'."""
        before, after = window.before, window.after
        if before == after:
            return f"±{self.offset(after)}"
        if not (before.months or after.months):
            return f"-{before.days}/+{self.offset(after)}"
        return f"-{self.offset(before)}/+{self.offset(after)}"

    def when(self, when: When, source: str, day: date) -> str:
        """Return what a day is counted from: '30 days after DOSE1 (baseline 2026-03-02)'."""
        before, after = self._visit_why(when, source)
        return f"{before}{day.isoformat()}{after}"

    def _counted_from(self, when: When, source: str) -> tuple[str, str]:
        offset = when.offset
        back = offset.months < 0 or offset.days < 0
        phrase = self._why["before" if back else "after"] if offset else self._why["on"]
        # the day is put in later: what is cut here is the same for every subject
        words = phrase.format(
            offset=self.offset(-offset if back else offset),
            visit=when.visit,
            source=self._why["sources"][source],
            day="\0",
        )
        before, _, after = words.partition("\0")
        return before, after

    def why(self, row: PlannedVisit) -> str:
        """Return the sentence of `row.why` in this language; in English it is the same."""
        words, timing = self._why, row.visit.timing
        target = row.target.isoformat()
        sentence: str
        if timing.when is None:
            base = words["provisional_baseline" if row.provisional else "baseline"]
            sentence = words["anchor"].format(visit=row.code, baseline=base, target=target)
        else:
            counted = self.when(timing.when, row.reference_source, row.reference)
            sentence = words["counted"].format(visit=row.code, when=counted, target=target)
            months = timing.when.offset.months
            by_months = Offset(months).after(row.reference) if months else row.reference
            if by_months.day != row.reference.day:
                month = by_months.isoformat()[:7]
                sentence += words["clamped"].format(month=month, number=row.reference.day)
            if row.provisional:
                sentence += words["provisional"]
        for limit in row.limits:
            day = limit.day.isoformat()
            sentence += words[limit.kind].format(day=day, when=self.when(limit.when, limit.source, limit.reference))
        window = timing.window
        if window is None:
            return f"{sentence}{words['no_window']}"
        days = words["empty"]
        if row.earliest and row.latest:
            days = words["range"].format(first=row.earliest.isoformat(), last=row.latest.isoformat())
        sides = (-window.before.months, window.after.months)
        if any(n and Offset(n).after(row.target).day != row.target.day for n in sides):
            days += words["months"]
        phrase: str = words["assumed" if timing.assumed else "window"]
        return sentence + phrase.format(window=self.window_words(window), days=days)

    def template(self, row: PlannedVisit) -> str | None:
        """Return the words for staff of a row, all but its state, with places for dates: the same for every subject.

        None for a row with limits, without a window, or whose months may end on the last day of a shorter month.
        """
        timing = row.visit.timing
        window = timing.window
        if row.limits or window is None or row.earliest is None:
            return None
        if max(row.target.day, row.reference.day) > _SHORTEST and (
            window.before.months or window.after.months or (timing.when and timing.when.offset.months)
        ):
            return None
        key = (id(row.visit), row.reference_source, row.provisional)
        found = self._templates.get(key)
        if found is None or found[0] is not row.visit:
            if len(self._templates) >= _KEPT:
                self._templates.clear()
            found = self._templates[key] = (row.visit, self._template(row, window))
        return found[1]

    def _template(self, row: PlannedVisit, window: Window) -> str:
        staff, words, timing = self.staff, self._why, row.visit.timing
        if timing.when is None:
            base = words["provisional_baseline" if row.provisional else "baseline"]
            why = words["anchor"].format(visit=row.code, baseline=base, target="{target}")
        else:
            counted = "{reference}".join(self._visit_why(timing.when, row.reference_source))
            why = words["counted"].format(visit=row.code, when=counted, target="{target}")
            why += words["provisional"] if row.provisional else ""
        described = self.window_words(window)
        days = words["range"].format(first="{first}", last="{last}")
        why += words["assumed" if timing.assumed else "window"].format(window=described, days=days)
        note = staff["assumed"] if timing.assumed else ""
        lines = [
            staff["target"].format(day="{target_day}"),
            staff["window"].format(first="{first_day}", last="{last_day}", window=described, note=note),
            staff["protocol_day"].format(day="{protocol_day}"),
            staff["mode"].format(mode=self.modes[row.mode]),
            staff["why"].format(why=why),
        ]
        return "\n".join(lines + ([staff["provisional"]] if row.provisional else []))

    def window_words(self, window: Window) -> str:
        """Return `window` kept for the next time."""
        return _window_words(self, window)


def _locale(tag: str) -> Locale:
    try:
        return pendulum.locale(tag)
    except ValueError:
        message = f"there is no locale {tag!r} in pendulum, which has the weekdays, months and plurals of a language"
        raise InvalidValueError(message, where="language") from None


@lru_cache(maxsize=1024)
def _window_words(language: Language, window: Window) -> str:
    return language.window(window)
