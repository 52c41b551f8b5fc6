"""Hypothesis strategies for everybody's tests: `pip install 'trialsched[strategies]'`.

Every bound is a keyword and inclusive; bounds that leave nothing raise `hypothesis.errors.InvalidArgument`. With
the defaults no drawn date leaves the years 1900 to 2199. After install `st.from_type(Window)` works by itself.
"""

from trialsched.strategies.designs import baselines, date_ranges, offsets, protocols, versions, windows
from trialsched.strategies.facts import as_of_days, clinics, histories, plans, subjects

__all__ = [
    "as_of_days",
    "baselines",
    "clinics",
    "date_ranges",
    "histories",
    "offsets",
    "plans",
    "protocols",
    "subjects",
    "versions",
    "windows",
]
