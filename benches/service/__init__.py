"""Measures the built service beside what it is compared with. `scripts/bench` builds, installs and calls it."""
