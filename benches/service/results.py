"""What a run finds out, as it is printed and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .contenders import Sample
from .goals import Reached
from .spread import Spread


@dataclass
class Figure:
    """A line of the table: by the name of its column, what was measured in each round."""

    group: str
    name: str
    columns: dict[str, list[float]]
    note: str = ""


@dataclass
class Results:
    figures: list[Figure] = field(default_factory=list)
    reached: list[Reached] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def add(self, group: str, name: str, columns: Mapping[str, Sequence[float]], note: str = "") -> None:
        self.figures.append(Figure(group, name, {key: list(values) for key, values in columns.items()}, note))

    def add_samples(self, group: str, name: str, samples: list[Sample], base: list[Sample] | None = None) -> None:
        """What was measured of requests to a route, and the share of its processor time that `base` needs."""
        columns = {key: [getattr(sample, key) for sample in samples] for key in ("cpu", "rate", "p50", "p99")}
        if any(sample.database for sample in samples):
            columns["database"] = [sample.database for sample in samples]
        if base:
            columns["ratio"] = [other.cpu / sample.cpu for other, sample in zip(base, samples, strict=True)]
        self.add(group, name, columns)

    def reach(self, goal: str, at: str, spread: Spread) -> None:
        self.reached.append(Reached(goal, at, spread))
