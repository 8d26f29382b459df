"""Charts as SVG, for pages that need no network and no script."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final

__all__ = ["histogram", "line_chart"]

# Small enough that its texts can be read on a phone, where it is as wide as the screen.
_WIDTH: Final = 360
_HEIGHT: Final = 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 8, 10, 22
_X_END, _Y_END = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM


def line_chart(
    values: Sequence[float],
    *,
    label: str,
    ends: tuple[str, str],
    y_text: Callable[[float], str],
    limits: Sequence[float | None] = (),
    breaks: Sequence[float] = (),
) -> str:
    """Return a line over time, as SVG.

    Args:
        values: one for each part of the time, from 0 up.
        label: what is read to those who cannot see it.
        ends: the texts at both ends of the time.
        y_text: makes the text of a value.
        limits: a second line; None where there is none. It may be left out of the picture.
        breaks: parts of the whole, from 0 to 1, at which a session began.
    """
    known = [each for each in limits if each is not None]
    top = _round_above(max([*values, *known], default=0.0))
    step = 1 / max(len(values), 1)
    parts = _grid(top, y_text)
    parts += [f'<path class="session" d="M{_x(at):.1f},{_TOP}V{_Y_END}"/>' for at in breaks]
    if values:
        middles = [((at + 0.5) * step, value) for at, value in enumerate(values)]
        line = _points([(0, values[0]), *middles, (1, values[-1])], top)
        parts.append(f'<polygon class="area" points="{line} {_X_END},{_Y_END} {_LEFT},{_Y_END}"/>')
        parts.append(f'<polyline class="measured" points="{line}"/>')
    for there, group in groupby(enumerate(limits), lambda each: each[1] is not None):
        if there:
            edges = [(at + side, value or 0) for at, value in group for side in (0, 1)]
            line = _points([(edge * step, value) for edge, value in edges], top)
            parts.append(f'<polyline class="limit" points="{line}"/>')
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 6}">{ends[0]}</text>')
    parts.append(f'<text x="{_X_END}" y="{_HEIGHT - 6}" text-anchor="end">{ends[1]}</text>')
    return _svg(label, parts)


def histogram(counts: Sequence[int], *, label: str, texts: Sequence[str], last: str) -> str:
    """Return bars of the same width, as SVG.

    Args:
        counts: one for each bar.
        label: what is read to those who cannot see it.
        texts: what each bar stands for; shown where a pointer rests on it.
        last: the text under the last bar.
    """
    top = _round_above(max(counts, default=0))
    step = (_X_END - _LEFT) / max(len(counts), 1)
    parts = _grid(top, lambda value: f"{value:,.0f}")
    for at, (count, text) in enumerate(zip(counts, texts, strict=True)):
        y = _y(count / top)
        parts.append(
            f'<rect class="bar" x="{_LEFT + at * step + 0.5:.1f}" y="{y:.1f}"'
            f' width="{step - 1:.1f}" height="{_Y_END - y:.1f}"><title>{text}: {count:,}</title>'
            "</rect>"
        )
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 6}">0 s</text>')
    parts.append(f'<text x="{_X_END}" y="{_HEIGHT - 6}" text-anchor="end">{last}</text>')
    return _svg(label, parts)


def _grid(top: float, y_text: Callable[[float], str]) -> list[str]:
    parts: list[str] = []
    for part in (0.0, 0.5, 1.0):
        y = _y(part)
        parts.append(f'<path class="axis" d="M{_LEFT},{y:.1f}H{_X_END}"/>')
        parts.append(
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{y_text(part * top)}</text>'
        )
    return parts


def _points(points: Sequence[tuple[float, float]], top: float) -> str:
    return " ".join(f"{_x(part):.1f},{_y(value / top):.1f}" for part, value in points)


def _svg(label: str, parts: Sequence[str]) -> str:
    inner = "".join(parts)
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">{inner}</svg>'


def _x(part: float) -> float:
    return _LEFT + part * (_X_END - _LEFT)


def _y(part: float) -> float:
    return _Y_END - part * (_Y_END - _TOP)


def _round_above(value: float) -> float:
    """Return a number that is not below the value, and that reads well, and so does its half."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * power >= value
    )
