"""The entry point that Hypothesis calls when it is imported, so that `st.from_type(ts.Window)` works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def register() -> None:
    """Register a strategy for every type that has one; the strategies themselves are imported when first drawn."""
    from hypothesis import strategies as st

    from trialsched.clinic import Clinic
    from trialsched.offsets import DateRange, Offset, Window
    from trialsched.plan import Plan
    from trialsched.protocol import Protocol
    from trialsched.subject import Subject

    names = {
        Offset: "offsets",
        Window: "windows",
        DateRange: "date_ranges",
        Protocol: "protocols",
        Subject: "subjects",
        Plan: "plans",
        Clinic: "clinics",
    }

    def strategy(kind: type) -> SearchStrategy[Any]:
        from trialsched import strategies

        found: SearchStrategy[Any] = getattr(strategies, names[kind])()
        return found

    for kind in names:
        st.register_type_strategy(kind, strategy)
