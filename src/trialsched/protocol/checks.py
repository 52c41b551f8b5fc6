"""What only the whole protocol can tell: known codes, circles, colliding cycles, arms; and the cycles expanded."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from trialsched._text import nearest_or
from trialsched.errors import TrialschedError
from trialsched.offsets import Offset
from trialsched.protocol.parts import (
    CODE_FORM,
    MAX_VISITS,
    OCCURRENCE,
    Repeat,
    Texts,
    Timing,
    Visit,
    When,
    Written,
    is_code,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trialsched.protocol.found import Found
    from trialsched.protocol.parts import EligibilityRule, Spacing

MAX_ARMS = 100
_HINTS = 20  # looking for the nearest code takes time
_PATTERN = re.compile(r"[A-Za-z*][A-Za-z0-9._*-]{0,63}")


class Unread(NamedTuple):
    """A visit of a document that could not be read: its code still counts as known, its references are checked."""

    code: str
    references: tuple[tuple[str, When], ...] = ()


def _named(text: str, occurrence: int) -> str:
    return text.replace(OCCURRENCE, str(occurrence))


def _at(when: When | None, occurrence: int) -> When | None:
    return When(when.offset, _named(when.visit, occurrence)) if when and OCCURRENCE in when.visit else when


def _occurrence(visit: Visit, number: int) -> Visit:
    """Return occurrence `number` (from 1) of a repeated visit as a plain one."""
    timing = visit.timing
    when = _at(timing.when, number)
    cycle = visit.repeat
    # first: occurrence n is `when` + (n-1) x `every`, months and days multiplied apart, counted from `when`'s reference
    # previous: `every` after occurrence n-1's reference date
    if isinstance(cycle, Repeat) and when and number > 1:
        if cycle.origin == "previous":
            when = When(cycle.every, _named(visit.code, number - 1))
        else:
            months = when.offset.months + (number - 1) * cycle.every.months
            when = When(Offset(months, when.offset.days + (number - 1) * cycle.every.days), when.visit)
    placed = Timing(
        when,
        window=timing.window,
        assumed=timing.assumed,
        counts_from=timing.counts_from,
        not_before=_at(timing.not_before, number),
        not_after=_at(timing.not_after, number),
    )
    object.__setattr__(placed, "written", _written(visit, number))
    return Visit(
        _named(visit.code, number),
        visit.mode,
        placed,
        arms=visit.arms,
        epoch=visit.epoch,
        label=Texts({language: _named(text, number) for language, text in visit.label.items()}),
        procedures=visit.procedures,
        numbering=visit.numbering.of(number - 1),
    )


def _written(visit: Visit, number: int) -> Written:
    """Return the words of occurrence `number` (from 1): those of the visit, and how often `every` is added to them."""
    words = [text and _named(text, number) for text in visit.timing.written]
    cycle, when = visit.repeat, visit.timing.when
    if isinstance(cycle, Repeat) and when is not None and number > 1:
        words[0] = _later(visit, cycle, when, number)
    return Written(*words)


def _later(visit: Visit, cycle: Repeat, when: When, number: int) -> str | None:
    if visit.timing.written.when is None and cycle.written is None:
        return None
    every = cycle.written or str(cycle.every)
    if cycle.origin == "previous":
        return f"{every} after {_named(visit.code, number - 1)}"
    if number > 2:  # noqa: PLR2004 - to the second it is added once
        every = f"{number - 1} times {every}"
    if not when.offset:
        return f"{every} after {when.visit}"
    return f"{visit.timing.written.when or when} plus {every}"


def _groups(visits: Sequence[Visit | Unread]) -> Iterator[tuple[int, list[int]]]:
    """Yield (times, indices): a lone visit, or a cycle with its travellers where the first of them stands."""
    roots = {v.code: v for v in visits if isinstance(v, Visit) and isinstance(v.repeat, Repeat)}
    members: dict[str, list[int]] = {}
    for index, visit in enumerate(visits):
        if isinstance(visit, Visit) and visit.repeat is not None:
            root = visit.code if isinstance(visit.repeat, Repeat) else visit.repeat
            members.setdefault(root, []).append(index)
    for index, visit in enumerate(visits):
        if isinstance(visit, Unread):
            continue
        if visit.repeat is None:
            yield 1, [index]
            continue
        root = visit.code if isinstance(visit.repeat, Repeat) else visit.repeat
        if root in roots and members[root][0] == index:
            cycle = roots[root].repeat
            yield cycle.times if isinstance(cycle, Repeat) else 1, members[root]


def expand(visits: Sequence[Visit]) -> tuple[Visit, ...]:
    """Return one plain visit for each occurrence, cycle by cycle. The visits have passed `check`."""
    return tuple(visit for _, visit in _occurrences(visits))


def places(visits: Sequence[Visit]) -> dict[str, int]:
    """Return where each expanded code stands in the document: the index in `visits`, counted from 0."""
    return {visit.code: index for index, visit in _occurrences(visits)}


def _occurrences(
    visits: Sequence[Visit | Unread], found: Found | None = None, lost: set[int] | None = None
) -> Iterator[tuple[int, Visit]]:
    """Yield (index, plain visit); `found` and `lost` take the first occurrence of a cycle that cannot be placed."""
    lost = set() if lost is None else lost
    for times, indices in _groups(visits):
        for number in range(1, times + 1):
            for index in indices:
                visit = visits[index]
                if not isinstance(visit, Visit) or index in lost:
                    continue
                if visit.repeat is None:
                    yield index, visit
                    continue
                try:
                    yield index, _occurrence(visit, number)
                except TrialschedError as error:
                    if found is None:
                        raise
                    lost.add(index)
                    message = f"occurrence {number} cannot be placed: {error.message}"
                    found.add(f"visits[{index}].repeat", visit.code, "", message)


def check(  # noqa: PLR0913 - the parts of a protocol
    found: Found,
    *,
    anchor: object,
    visits: Sequence[Visit | Unread],
    arms: Sequence[str] | None = (),
    spacings: Sequence[Spacing | None] = (),
    eligibility: Sequence[EligibilityRule | None] = (),
    unscheduled: Sequence[Any] = (),
    study_days_from: object = None,
) -> None:
    """Note every problem that the parts have together; None stands for a part that could not be read."""
    total = sum(times * len(indices) for times, indices in _groups(visits))
    if not visits:
        found.add("visits", "", "at least the anchor visit", "no visits")
    if total > MAX_VISITS:
        found.add("visits", str(total), f"at most {MAX_VISITS} visits, cycles counted out", "too many visits")
        visits = [_unexpanded(v) if isinstance(v, Visit) and v.repeat is not None else v for v in visits]
    _check_cycles(found, visits)
    if len(arms or ()) > MAX_ARMS:
        found.add("arms", str(len(arms or ())), f"at most {MAX_ARMS} arms", "too many arms")
        arms = None
    lost: set[int] = set()
    placed = list(_occurrences(visits, found, lost))
    lost.update({index for index, _ in enumerate(visits)} - {index for index, _ in placed})
    whole = _Whole(found, anchor, visits, placed, arms)
    whole.count_as_known([visits[index].code for index in sorted(lost)])
    whole.lost = [(index, visit) for index, visit in enumerate(visits) if index in lost and isinstance(visit, Visit)]
    whole.codes_collide()
    if anchor is not None:
        whole.anchor_stands()
    if study_days_from is not None:
        whole.study_days_stand(study_days_from)
    whole.references()
    if total <= MAX_VISITS:
        whole.circles()
    for index, spacing in enumerate(spacings):
        if spacing is not None:
            whole.spacing(f"spacing[{index}]", spacing)
    whole.rules(eligibility)
    whole.unscheduled(unscheduled)


def _unexpanded(visit: Visit) -> Unread:
    """Return what is known of a cycle that is not counted out."""
    return Unread(visit.code, tuple(pair for pair in _references(visit) if OCCURRENCE not in pair[1].visit))


def _check_cycles(found: Found, visits: Sequence[Visit | Unread]) -> None:
    roots = {v.code: v.repeat for v in visits if isinstance(v, Visit) and isinstance(v.repeat, Repeat)}
    unread = {v.code for v in visits if isinstance(v, Unread)}
    by_code = {v.code: v for v in reversed(visits) if isinstance(v, Visit)}
    for index, visit in enumerate(visits):
        if not isinstance(visit, Visit):
            continue
        cycle = visit.repeat
        if isinstance(cycle, str) and cycle not in roots and not unread & {cycle, ""}:
            hint = nearest_or(cycle, roots, "the code of a visit that has `repeat = { every, times }`")
            found.add(f"visits[{index}].repeat", cycle, hint, "no such cycle")
        root = visit.code if isinstance(cycle, Repeat) else cycle
        if isinstance(cycle, str) and cycle in roots:
            for where, value in (("number", visit.numbering.number), ("nominal_day", visit.numbering.nominal_day)):
                times = roots[cycle].times
                if isinstance(value, tuple) and len(value) != times:
                    found.add(f"visits[{index}].{where}", list(value), f"{times} numbers", "one for each occurrence")
        for key, when in _references(visit):
            if OCCURRENCE not in when.visit:
                continue
            target = by_code.get(when.visit)
            if target is None:
                continue  # `references` names what is not known
            home = target.code if isinstance(target.repeat, Repeat) else target.repeat
            if home != root or (isinstance(cycle, Repeat) and key == "when"):
                expected = f"repeat = {home!r}, or one occurrence such as {_named(when.visit, 1)!r}"
                found.add(f"visits[{index}].{key}", str(when), expected, "counts from each occurrence of another cycle")


def _references(visit: Visit) -> list[tuple[str, When]]:
    timing = visit.timing
    pairs = (("when", timing.when), ("not_before", timing.not_before), ("not_after", timing.not_after))
    return [(key, when) for key, when in pairs if when is not None]


def _cycles_of(code: str) -> Iterator[str]:
    """Yield the codes of the cycles that a code could be an occurrence of."""
    for digits in re.finditer("[0-9]+", code):
        for start, end in combinations(range(digits.start(), digits.end() + 1), 2):
            yield f"{code[:start]}{OCCURRENCE}{code[end:]}"


class _Whole:
    """The checks that need every expanded visit."""

    def __init__(
        self,
        found: Found,
        anchor: object,
        visits: Sequence[Visit | Unread],
        placed: list[tuple[int, Visit]],
        arms: Sequence[str] | None,
    ) -> None:
        self.found = found
        self.anchor = anchor
        self.visits = visits
        self.placed = placed
        self.arms = arms
        self.by_code = {visit.code: visit for _, visit in reversed(placed)}
        self.index = {visit.code: index for index, visit in reversed(placed)}
        self.written = {v.code for v in visits if OCCURRENCE in v.code}
        self.hints = _HINTS
        self.lost: list[tuple[int, Visit]] = []  # cycles that could not be placed
        self.count_as_known([])

    def count_as_known(self, unread: list[str]) -> None:
        """Take the codes of what could not be read or placed; an empty one may be any."""
        self.unread = set(unread)
        self.unread_cycles = {code for code in unread if OCCURRENCE in code}

    def known(self, code: str) -> bool:
        if code in self.by_code or code in self.unread or "" in self.unread:
            return True
        return bool(self.unread_cycles) and not self.unread_cycles.isdisjoint(_cycles_of(code))

    def hint(self, word: str, known: Iterable[str], otherwise: str) -> str:
        """Return the nearest known word, for the first few: looking for it takes time."""
        self.hints -= 1
        return nearest_or(word, known if self.hints >= 0 else (), otherwise)

    def unknown(self, where: str, code: str, read: str) -> None:
        codes = [*self.by_code, *self.written, *sorted(self.unread)]
        hint = self.hint(code, codes, "the code of a visit of this protocol")
        self.found.add(where, read, hint, f"no visit has the code {code!r}")

    def codes_collide(self) -> None:
        seen: dict[str, tuple[int, str]] = {}
        told = set()
        written = [(i, v.code) for i, v in self.placed]
        written += [(i, v.code) for i, v in enumerate(self.visits) if isinstance(v, Unread)]
        for index, code in sorted(written, key=lambda pair: pair[0]):
            if not code:
                continue
            first = seen.setdefault(code.casefold(), (index, code))
            if first != (index, code) and (first[0], index) not in told:
                told.add((first[0], index))
                message = f"the code {code!r} stands already at visits[{first[0]}] as {first[1]!r}"
                self.found.add(f"visits[{index}].code", self.visits[index].code, "unique codes, case ignored", message)

    def anchor_stands(self) -> None:
        anchor = self.anchor
        if not is_code(anchor) or not isinstance(anchor, str):
            self.found.add("anchor", anchor, CODE_FORM, "not a visit code")
            return
        if not self.known(anchor):
            self.unknown("anchor", anchor, anchor)
        for index, visit in enumerate(self.visits):
            if not isinstance(visit, Visit):
                continue
            when, where = visit.timing.when, f"visits[{index}]"
            if visit.code == anchor and when is not None:
                self.found.add(f"{where}.when", str(when), "", "the anchor visit is day 0 and counts from nothing")
            if visit.code == anchor and visit.arms and self.arms is not None and set(visit.arms) != set(self.arms):
                self.found.add(f"{where}.arms", list(visit.arms), "every arm", "the anchor visit belongs to every arm")
            if visit.code != anchor and when is None and (anchor in self.by_code or anchor in self.unread):
                expected = f"`when`, such as '30 days after {anchor}'"
                self.found.add(f"{where}.when", "", expected, "only the anchor visit has no `when`")
        if anchor in self.by_code and isinstance(self.visits[self.index[anchor]], Visit):
            visit = self.visits[self.index[anchor]]
            if isinstance(visit, Visit) and visit.repeat is not None:
                where = f"visits[{self.index[anchor]}].repeat"
                self.found.add(where, visit.code, "", "the anchor visit is not one of a cycle")

    def study_days_stand(self, code: object) -> None:
        """Note a visit that study days cannot count from: every subject has one date of it."""
        where = "study_days_from"
        if not isinstance(code, str) or not is_code(code):
            self.found.add(where, code, CODE_FORM, "not a visit code")
            return
        if code in self.written:
            expected = f"one occurrence, such as {_named(code, 1)!r}"
            self.found.add(where, code, expected, "a repeated visit has many dates")
        elif not self.known(code):
            self.unknown(where, code, code)
        arms = self.by_code[code].arms if code in self.by_code else ()
        if arms and self.arms is not None and set(arms) != set(self.arms):
            message = f"{code} belongs to {', '.join(arms)} only"
            self.found.add(where, code, "a visit of every arm", message)

    def references(self) -> None:
        told: set[tuple[str | int, str | int]] = set()
        for index, unread in enumerate(self.visits):
            for key, when in unread.references if isinstance(unread, Unread) else ():
                if not self.known(when.visit):
                    self.unknown(f"visits[{index}].{key}", when.visit, str(when))
        for index, visit in [*self.placed, *self.lost]:
            for place, arm in enumerate(visit.arms if self.arms is not None else ()):
                if arm not in (self.arms or ()) and (index, place) not in told:
                    told.add((index, place))
                    hint = self.hint(arm, self.arms or (), f"one of {', '.join(self.arms or ()) or 'no arms'}")
                    self.found.add(f"visits[{index}].arms[{place}]", arm, hint, "not an arm of this protocol")
            for key, when in _references(visit):
                where = f"visits[{index}].{key}"
                if (where, "") in told or (OCCURRENCE in when.visit and OCCURRENCE in visit.code):
                    continue
                other = self.by_code.get(when.visit)
                if other is None:
                    # A code with {n} that is left stands for another cycle, which `_check_cycles` has told.
                    if not self.known(when.visit) and when.visit not in self.written:
                        told.add((where, ""))
                        told_of = dict(_references(self.written_visit(index, visit))).get(key, when)
                        self.unknown(where, told_of.visit, str(told_of))
                elif missing := self._missing_arms(visit, other):
                    told.add((where, ""))
                    message = f"{when.visit} is not present in {', '.join(missing)}"
                    self.found.add(where, str(when), "a visit present in all arms of this one", message)

    def written_visit(self, index: int, visit: Visit) -> Visit:
        """Return a placed visit as it is written, cycles unexpanded."""
        written = self.visits[index]
        return written if isinstance(written, Visit) else visit

    def _missing_arms(self, visit: Visit, other: Visit) -> list[str]:
        return [arm for arm in visit.arms or self.arms or () if other.arms and arm not in other.arms]

    def circles(self) -> None:
        """Seek circles through `when` and limits together."""
        from graphlib import CycleError, TopologicalSorter

        edges = {
            visit.code: [when.visit for _, when in _references(visit) if when.visit in self.by_code]
            for _, visit in self.placed
            if visit is self.by_code[visit.code]
        }
        told: set[int] = set()
        while True:
            try:
                TopologicalSorter(edges).prepare()
            except CycleError as error:
                circle = list(reversed(error.args[1]))[:-1]  # each counts from the next
            else:
                return
            start = min(range(len(circle)), key=lambda i: self.index[circle[i]])
            circle = circle[start:] + circle[:start]
            index = self.index[circle[0]]
            if index not in told:
                told.add(index)
                words = " -> ".join([*circle, circle[0]])
                key = next(key for key, when in _references(self.by_code[circle[0]]) if when.visit in circle)
                self.found.add(f"visits[{index}].{key}", words, "no circle", f"counts from itself: {words}")
            edges = {code: [] if code in circle else to for code, to in edges.items()}

    def spacing(self, where: str, spacing: Spacing) -> None:
        codes = {"from": spacing.first, "to": spacing.second}
        for key, code in codes.items():
            if not self.known(code):
                self.unknown(f"{where}.{key}", code, code)
        if spacing.first == spacing.second:
            self.found.add(f"{where}.to", spacing.second, "another visit", "a spacing is between two visits")
        first, second = self.by_code.get(spacing.first), self.by_code.get(spacing.second)
        if first and second and first.arms and second.arms and not set(first.arms) & set(second.arms):
            self.found.add(f"{where}.to", spacing.second, "a visit of the same arm", "the two share no arm")

    def rules(self, rules: Sequence[EligibilityRule | None]) -> None:
        seen: dict[str, int] = {}
        for index, rule in enumerate(rules):
            if rule is None:
                continue
            first = seen.setdefault(rule.id.casefold(), index)
            if first != index:
                self.found.add(f"eligibility[{index}].id", rule.id, "unique ids", f"stands at eligibility[{first}]")
            where = f"eligibility[{index}].reference"
            if rule.reference == "baseline" and "baseline" in self.by_code:
                self.found.add(where, "baseline", "another visit code", "both the baseline and a visit are so called")
            elif rule.reference not in (None, "baseline") and not self.known(str(rule.reference)):
                self.unknown(where, str(rule.reference), str(rule.reference))

    def unscheduled(self, patterns: Sequence[Any]) -> None:
        from fnmatch import fnmatchcase

        if len(patterns) > MAX_VISITS:
            self.found.add("unscheduled", str(len(patterns)), f"at most {MAX_VISITS} codes", "too many codes")
            return
        seen: set[str] = set()
        for index, pattern in enumerate(patterns):
            where = f"unscheduled[{index}]"
            if not isinstance(pattern, str) or not _PATTERN.fullmatch(pattern):
                self.found.add(where, pattern, f"{CODE_FORM}; '*' for any ending", "not a code or pattern")
                continue
            if pattern in seen:
                self.found.add(where, pattern, "each once", "stands twice")
            seen.add(pattern)
            for code in self.by_code:
                if fnmatchcase(code.casefold(), pattern.casefold()):
                    self.found.add(where, pattern, "codes of no planned visit", f"takes in the planned visit {code}")
                    break
