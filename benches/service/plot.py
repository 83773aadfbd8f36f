"""Line charts as SVG, drawn here so that nothing has to be installed for them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 30, 40, 50
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]
STYLE = "text{font:12px sans-serif;fill:#333}.title{font-size:14px;font-weight:bold}"


@dataclass
class Chart:
    """Lines over an axis whose steps are factors; each point has an x and a y."""

    title: str
    across: str
    upward: str
    lines: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    is_upward_log: bool = False

    def add(self, line: str, x: float, y: float) -> None:
        self.lines.setdefault(line, []).append((x, y))

    def write(self, file: Path) -> None:
        file.write_text(self.svg())

    def svg(self) -> str:
        xs = sorted({x for points in self.lines.values() for x, _ in points})
        ys = [y for points in self.lines.values() for _, y in points]
        ticks = log_ticks(min(ys), max(ys)) if self.is_upward_log else even_ticks(max(ys))
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f"<title>{escape(self.title)}</title><style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            text(LEFT, 22, self.title, "title"),
            text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, self.across, anchor="middle"),
            text(16, HEIGHT / 2, self.upward, anchor="middle", turn=True),
        ]

        def place(x: float, y: float) -> tuple[float, float]:
            across = share(math.log(x), math.log(xs[0]), math.log(xs[-1]))
            scale = math.log if self.is_upward_log else float
            upward = share(scale(y), scale(ticks[0]), scale(ticks[-1]))
            return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - upward * (HEIGHT - TOP - BOTTOM)

        for tick in ticks:
            _, y = place(xs[0], tick)
            parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
            parts.append(text(LEFT - 6, y + 4, number(tick), anchor="end"))
        for x in xs:
            parts.append(text(place(x, ticks[0])[0], HEIGHT - BOTTOM + 18, number(x), anchor="middle"))
        for row, (name, points) in enumerate(self.lines.items()):
            colour = COLOURS[row % len(COLOURS)]
            places = [place(x, y) for x, y in sorted(points)]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
            line = TOP + 14 + 16 * row
            parts.append(f'<rect x="{LEFT + 12}" y="{line - 9}" width="10" height="10" fill="{colour}"/>')
            parts.append(text(LEFT + 28, line, name))
        return "\n".join([*parts, "</svg>"]) + "\n"


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def share(value: float, least: float, most: float) -> float:
    return (value - least) / (most - least) if most > least else 0.5


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start", turn: bool = False) -> str:
    turned = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turn else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}"{turned}>{escape(words)}</text>'


def even_ticks(most: float) -> list[float]:
    """Five or so, from 0 to beyond `most`, with room for the names of the lines above."""
    wanted = most * 1.4 / 5
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= wanted)
    return [step * count for count in range(math.ceil(most * 1.4 / step) + 1)]


def log_ticks(least: float, most: float) -> list[float]:
    first, last = math.floor(math.log10(least)), math.ceil(math.log10(most * 3))
    return [10.0**power for power in range(first, last + 1)]
