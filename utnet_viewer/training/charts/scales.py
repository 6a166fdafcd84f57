"""Where axes carry numbers, and how numbers are written on them."""

import math
from collections.abc import Callable

import numpy as np

_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)

Ticks = list[tuple[float, str]]


def nice_step(room: float, parts: int) -> float:
    """The smallest of 1, 2, 2.5, 5 × 10^n that divides `room` into at most `parts`."""
    raw = room / max(parts, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    return next(power * nice for nice in _NICE if power * nice >= raw * 0.999)


def step_ticks(
    left: float, right: float, *, width_px: float, advance: Callable[[str], float]
) -> Ticks:
    """Whole steps at round numbers; the last that has room is followed by the word "steps".

    Args:
        left: First step in view; `right` the last.
        right: See `left`.
        width_px: What they span on screen.
        advance: Width of a text in px.
    """
    if right <= left:
        return []
    step = max(1.0, nice_step(right - left, max(2, round(width_px / 58))))
    step = math.ceil(step) if step < 10 else step
    first = math.ceil(left / step)
    places = [n * step for n in range(first, math.floor(right / step) + 1)]
    px_per_step = width_px / (right - left)

    def half_fits(place: float, text: str) -> bool:
        # At the left there is room under the value axis; at the right the widget ends.
        half = advance(text) / 2
        return (right - place) * px_per_step >= half and (place - left) * px_per_step >= half - 8

    ticks = [(place, step_text(place, spacing=step)) for place in places]
    ticks = [(place, text) for place, text in ticks if half_fits(place, text)]
    for position in range(len(ticks) - 1, -1, -1):
        place, text = ticks[position]
        worded = f"{text} steps"
        if half_fits(place, worded) and advance(worded) < step * px_per_step + 20:
            ticks[position] = (place, worded)
            break
    return ticks


def step_text(step: float, *, spacing: float) -> str:
    """``850``, ``24,150``, ``2.5k``, ``25k``, ``1.2M``: as few digits as the spacing allows."""
    for unit, letter in ((1e6, "M"), (1e3, "k")):
        # In thousands only where a tenth of them is all the ticks differ by.
        if abs(step) >= unit and spacing >= unit / 10:
            return f"{step / unit:.2f}".rstrip("0").rstrip(".") + letter
    return f"{step:,.0f}"


def linear_ticks(low: float, high: float, *, height_px: float) -> Ticks:
    """Round numbers about 25 px apart, or a little more."""
    if not high > low:
        return []
    step = nice_step(high - low, max(2, int(height_px // 25)))
    first = math.ceil(low / step - 1e-6)
    places = [n * step for n in range(first, math.floor(high / step + 1e-6) + 1)]
    largest = max((abs(place) for place in places), default=0.0)
    return [(place, _axis_text(place, step, largest)) for place in places]


def _axis_text(value: float, step: float, largest: float) -> str:
    if value == 0:
        return "0"
    if largest < 1e-2 or largest >= 1e5:
        return exponent_text(value)
    decimals = max(0, -math.floor(math.log10(step) + 1e-6))
    # 2.5 has one decimal more than its power of ten says.
    if not math.isclose(round(step, decimals), step, rel_tol=1e-6):
        decimals += 1
    return f"{value:.{decimals}f}"


def exponent_text(value: float) -> str:
    """``1e-4``, ``2.5e-4``."""
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def log_ticks(low: float, high: float, *, height_px: float) -> Ticks:
    """Places in log10 units: decades, thirds of them where there is room, else round numbers.

    `low` and `high` are log10 of the values at the axis' ends.
    """
    if not high > low:
        return []
    room = max(2, int(height_px // 22))
    decades = high - low
    if decades < 0.6:
        ticks = linear_ticks(10**low, 10**high, height_px=height_px)
        return [(math.log10(value), text) for value, text in ticks if value > 0]
    every = max(1, math.ceil(decades / room))
    mantissas = (1.0,)
    if every == 1 and decades * 2 <= room + 1:
        mantissas = (1.0, 3.0)
    if decades * 3 <= room + 1:
        mantissas = (1.0, 2.0, 5.0)
    exponents = range(math.floor(low), math.ceil(high) + 1)
    values = [m * 10.0**e for e in exponents if e % every == 0 for m in mantissas]
    values = [v for v in values if low - 1e-9 <= math.log10(v) <= high + 1e-9]
    return [(math.log10(v), _log_text(v, max(values))) for v in values]


def _log_text(value: float, largest: float) -> str:
    """``30``, ``0.03``, ``1e-3``; small numbers only are written alike."""
    is_plain = 0.01 <= value < 1e5 and largest > 0.01
    return f"{value:g}" if is_plain else exponent_text(value)


def fit(values: list[np.ndarray], *, is_log: bool) -> tuple[float, float]:
    """Range of a value axis for what is drawn (log10 where `is_log`), with headroom.

    A linear axis begins at zero where nothing is below it.
    """
    finite = [v[np.isfinite(v)] for v in values]
    finite = [v for v in finite if len(v)]
    if not finite:
        return (-1.0, 1.0) if is_log else (0.0, 1.0)
    low, high = min(v.min() for v in finite), max(v.max() for v in finite)
    if is_log:
        room = max(high - low, 0.5)
        middle = (low + high) / 2
        return middle - room * 0.55, middle + room * 0.56
    if low >= 0:
        return 0.0, high * 1.09 if high > 0 else 1.0
    room = max(high - low, abs(high), abs(low)) or 1.0
    return low - 0.06 * room, high + 0.08 * room
