"""Wiring for pytest in this checkout: Hypothesis profiles and the plugin."""

import os

from hypothesis import HealthCheck, settings

from extremum.reports.driving.options import THREADS

for _name in THREADS:  # as in an audit: the workers share the cores
    os.environ.setdefault(_name, "1")

# No deadline, since machines are noisy; no database, so that a run depends on nothing but its seed.
settings.register_profile(
    "ci", deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("nightly", settings.get_profile("ci"), derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
