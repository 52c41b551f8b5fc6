"""Names of events: UIDs that stay for ever and say nothing about the person."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from trialsched._text import nfc, shown, unprintable
from trialsched.errors import InvalidValueError

if TYPE_CHECKING:
    from trialsched.plan import Plan

UID_NAMESPACE: Final = UUID("afc55f27-d4ef-457a-a82d-d92d6e163031")
NAME_BASED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")  # UUIDv5, as all of ours
_ROLES = ("visit", "window")


def uid(study_key: str, subject: str, visit: str, role: str = "visit") -> str:
    """Return the UID of an event: UUIDv5 of the study key, subject code, visit code and role. It is for ever.

    RFC 7986, section 5.3: globally unique, and nothing about the person or the machine in it. `role` is 'visit' or
    'window'. Raises `InvalidValueError` for a text that is empty or holds a control character.

    >>> uid("alstem", "P01-007", "DOSE1")
    '3f846907-3666-5493-9a35-d791e1d1406c'
    """
    if role not in _ROLES:
        message = f"read {role!r}, expected {' or '.join(map(repr, _ROLES))}"
        raise InvalidValueError(message, where="role")
    for where, text in (("study_key", study_key), ("subject", subject), ("visit", visit)):
        _check_text(text, where)
    return event_name(study_key, subject, visit, role)


def _check_text(text: object, where: str) -> None:
    if not isinstance(text, str) or not text or unprintable(text):
        message = f"a text of printable characters is meant, not empty; read {shown(text)!r}"
        raise InvalidValueError(message, where=where)


@lru_cache(maxsize=4096)
def event_name(study_key: str, subject: str, visit: str, role: str = "visit") -> str:
    """Return the UID of texts that are known to be whole."""
    return str(uuid5(UID_NAMESPACE, nfc(f"{study_key}\x1f{subject}\x1f{visit}\x1f{role}")))


@lru_cache(maxsize=1024)
def owner_name(study_key: str, subject: str) -> str:
    """Return what all events of one subject carry, so that a visit that left the plan is still known as theirs."""
    return str(uuid5(UID_NAMESPACE, nfc(f"{study_key}\x1f{subject}")))


def study_key_of(plan: Plan, study_key: str | None) -> str:
    """Return the study key: the one given, else the protocol's id."""
    if study_key is None:
        return plan.protocol.id
    if not isinstance(study_key, str) or not study_key or unprintable(study_key):  # never shown: it may be a secret
        message = "a study key is a text of printable characters, not empty"
        raise InvalidValueError(message, where="study_key")
    return study_key
