"""The protocol as a whole: an invalid one cannot be constructed."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from trialsched._text import unknown_visit
from trialsched.errors import InvalidValueError
from trialsched.offsets import plain_date
from trialsched.protocol.canonical import rule_document, spacing_document, visit_document, without_defaults
from trialsched.protocol.checks import Unread, check, expand
from trialsched.protocol.found import Found
from trialsched.protocol.parts import (
    CODE,
    CODE_FORM,
    EligibilityRule,
    Spacing,
    Texts,
    Timing,
    Visit,
    as_tuple,
    plain_text,
    unique_texts,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

SCHEMA: Final = "trialsched/protocol/1"
Variant = Literal["as-registered"]


@dataclass(frozen=True, slots=True, init=False)
class Meta:
    """What is said about a protocol: title, the date from which it is in force, sources, registry ids.

    `variant` is 'as-registered' for what `Protocol.as_registered` gives, else None.
    """

    title: Texts
    in_force: date | None
    sources: tuple[str, ...]
    registry_ids: tuple[str, ...]
    variant: Variant | None

    def __init__(
        self,
        title: Mapping[str, str] = Texts(),
        *,
        in_force: date | None = None,
        sources: Iterable[str] = (),
        registry_ids: Iterable[str] = (),
        variant: Variant | None = None,
    ) -> None:
        """Take the parts."""
        found = Found()
        texts = found.attempt("title", title, Texts, title)
        day = None if in_force is None else found.attempt("in_force", in_force, plain_date, in_force)
        lists = {}
        for name, values in (("sources", sources), ("registry_ids", registry_ids)):
            lists[name] = unique_texts(found, name, as_tuple(found, name, values))
        if variant not in (None, "as-registered"):
            found.add("variant", variant, "'as-registered'", "not a variant")
        found.finish()
        for name, value in {"title": texts, "in_force": day, **lists, "variant": variant}.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True, init=False)
class Protocol:
    """The design of a trial: which visits, when and how. It never knows a subject.

    `visits` is as written, cycles unexpanded; `expanded` has one visit for each occurrence. `study_days_from` is
    the visit whose date is study day 1, None for the anchor. Raises `ProtocolError` with every problem found.

    >>> Protocol("demo", "1", "D0", [Visit("D0", "on-site"), Visit("W4", "phone", "4 weeks after D0")]).codes
    ('D0', 'W4')
    """

    id: str
    version: str
    anchor: str
    visits: tuple[Visit, ...]
    arms: tuple[str, ...]
    spacings: tuple[Spacing, ...]
    eligibility: tuple[EligibilityRule, ...]
    unscheduled: tuple[str, ...]
    meta: Meta
    study_days_from: str | None
    expanded: tuple[Visit, ...] = field(init=False, compare=False, repr=False)
    scratch: dict[Any, Any] = field(init=False, compare=False, repr=False)
    """Room for what higher floors compute from this protocol alone; bounded by them, no part of its value."""

    def __init__(  # noqa: PLR0913 - the top of a document
        self,
        id: str,  # noqa: A002 - the field's word
        version: str,
        anchor: str,
        visits: Iterable[Visit],
        *,
        arms: Iterable[str] = (),
        spacings: Iterable[Spacing] = (),
        eligibility: Iterable[EligibilityRule] = (),
        unscheduled: Iterable[str] = (),
        meta: Meta = Meta(),
        study_days_from: str | None = None,
    ) -> None:
        """Take the parts, check them together, expand the cycles."""
        found = Found()
        parts = {
            "visits": as_tuple(found, "visits", visits),
            "arms": as_tuple(found, "arms", arms),
            "spacings": as_tuple(found, "spacing", spacings),
            "eligibility": as_tuple(found, "eligibility", eligibility),
            "unscheduled": as_tuple(found, "unscheduled", unscheduled),
        }
        kinds = (("visits", "visits", Visit), ("spacings", "spacing", Spacing))
        for name, where, kind in (*kinds, ("eligibility", "eligibility", EligibilityRule)):
            for index, item in enumerate(parts[name]):
                if not isinstance(item, kind):
                    found.add(f"{where}[{index}]", item, f"a {kind.__name__}", "of another type")
        if not isinstance(meta, Meta):
            found.add("meta", meta, "a Meta", "of another type")
        found.finish()
        check_head(found, id, version)
        parts["arms"] = unique_texts(found, "arms", parts["arms"])
        check(found, anchor=anchor if anchor is not None else "", study_days_from=study_days_from, **parts)
        check_variant(found, meta, parts["visits"], parts["spacings"])
        found.finish()
        values = {"id": id, "version": plain_text(version, "version"), "anchor": anchor, "meta": meta, **parts}
        values["study_days_from"] = None if study_days_from == anchor else study_days_from
        for name, value in {**values, "expanded": expand(parts["visits"]), "scratch": {}}.items():
            object.__setattr__(self, name, value)

    def __hash__(self) -> int:
        """Hash by content."""
        if "hash" not in self.scratch:
            self.scratch["hash"] = hash((self.id, self.version, self.anchor, self.visits, self.meta))
        return int(self.scratch["hash"])

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild from the parts, without what was computed."""
        return (_rebuild, ({f.name: getattr(self, f.name) for f in fields(self) if f.init},))

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of all expanded visits, in protocol order."""
        return tuple(visit.code for visit in self.expanded)

    def visit(self, code: str) -> Visit:
        """Return the expanded visit of a code. Raises `UnknownVisitError`, naming the nearest code."""
        for visit in self.expanded:
            if visit.code == code:
                return visit
        raise unknown_visit(code, self.codes)

    def rows(self, arm: str | None = None) -> tuple[Visit, ...]:
        """Return the expanded visits of an arm; without an arm, those common to all arms.

        Raises `InvalidValueError` for an arm that the protocol does not have.
        """
        if arm is not None and arm not in self.arms:
            message = f"the protocol has no arm {arm!r}; its arms: {', '.join(self.arms) or 'none'}"
            raise InvalidValueError(message, where="arm")
        wanted = set(self.arms) if arm is None else {arm}
        return tuple(v for v in self.expanded if not v.arms or wanted <= set(v.arms))

    def is_unscheduled(self, code: str) -> bool:
        """Return whether a code is declared as unscheduled, ignoring case ('UNS*' takes any ending)."""
        from fnmatch import fnmatchcase

        return any(fnmatchcase(code.casefold(), pattern.casefold()) for pattern in self.unscheduled)

    def canonical(self) -> bytes:
        """Return the canonical form: JSON in UTF-8, keys sorted, no blanks, NFC, defaults left out, unexpanded."""
        import json

        text = json.dumps(self.document(), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode()

    @property
    def fingerprint(self) -> str:
        """The sha256 of the canonical form, in lower-case hexadecimal."""
        if "fingerprint" not in self.scratch:
            import hashlib  # OpenSSL is slow to load, and few need it

            self.scratch["fingerprint"] = hashlib.sha256(self.canonical()).hexdigest()
        return str(self.scratch["fingerprint"])

    def as_registered(self) -> Protocol:
        """Return the protocol without what is assumed: windows, spacings, and limits left without a window."""
        visits = tuple(
            replace(visit, timing=_without_window(visit.timing)) if visit.timing.assumed else visit
            for visit in self.visits
        )
        spacings = tuple(spacing for spacing in self.spacings if not spacing.assumed)
        return replace(self, visits=visits, spacings=spacings, meta=replace(self.meta, variant="as-registered"))

    def document(self) -> dict[str, Any]:
        """Return the document as plain JSON values in reading order, defaults left out."""
        head = {
            "schema": SCHEMA,
            "id": self.id,
            "title": dict(self.meta.title),
            "version": self.version,
            "variant": self.meta.variant,
            "in_force": self.meta.in_force and self.meta.in_force.isoformat(),
            "sources": list(self.meta.sources),
            "registry_ids": list(self.meta.registry_ids),
            "anchor": self.anchor,
            "study_days_from": self.study_days_from,
            "arms": list(self.arms),
            "unscheduled": list(self.unscheduled),
            "visits": [visit_document(visit) for visit in self.visits],
            "spacing": [spacing_document(spacing) for spacing in self.spacings],
            "eligibility": [rule_document(rule) for rule in self.eligibility],
        }
        return without_defaults(head)


def _without_window(timing: Timing) -> Timing:
    return Timing(timing.written.when or timing.when, counts_from=timing.counts_from)


def check_head(found: Found, id: object, version: object) -> None:  # noqa: A002 - the field's word
    """Note what is wrong with the id and the version."""
    if not isinstance(id, str) or not CODE.fullmatch(id):
        found.add("id", id, CODE_FORM, "not an identifier")
    found.attempt("version", version, plain_text, version, "")


def check_variant(
    found: Found, meta: Meta | None, visits: Iterable[Visit | Unread], spacings: Iterable[Spacing | None]
) -> None:
    """Note a variant that is none: 'as-registered' has nothing assumed."""
    assumed = [v.code for v in visits if isinstance(v, Visit) and v.timing.assumed]
    assumed += [f"{s.first} to {s.second}" for s in spacings if s is not None and s.assumed]
    if meta is not None and meta.variant == "as-registered" and assumed:
        expected = "nothing assumed, as `as_registered()` gives it"
        found.add("variant", meta.variant, expected, f"a window or spacing is assumed ({', '.join(assumed[:5])})")


def _rebuild(parts: dict[str, Any]) -> Protocol:
    return Protocol(**parts)
