"""Hypothesis profiles: the same examples in every CI run, fresh ones at home."""

import os

from hypothesis import HealthCheck, settings

QUIET = [HealthCheck.too_slow]
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=100, suppress_health_check=QUIET)
settings.register_profile("dev", deadline=None, max_examples=100, suppress_health_check=QUIET)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# Scripts that tests and the CI run in processes of their own.
collect_ignore = ["no_dependencies.py", "support/every_output.py"]
