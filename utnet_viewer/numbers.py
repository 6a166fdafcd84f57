"""Numbers as the window writes them: fixed decimals, true minus sign, a dash where none is."""

import math

MINUS = "\N{MINUS SIGN}"
MISSING = "\N{EM DASH}"


def fixed(value: float | None, decimals: int = 1) -> str:
    """``−4.5``; a dash for None, NaN and infinity. Nothing rounds to ``−0.0``."""
    if value is None or not math.isfinite(value):
        return MISSING
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def signed(value: float | None, decimals: int = 1) -> str:
    """As `fixed`, with a plus before what is positive; zero has no sign."""
    text = fixed(value, decimals)
    if text in (MISSING,) or text.startswith(MINUS) or float(text) == 0:
        return text
    return f"+{text}"


def compact(value: float | None) -> str:
    """About three digits whatever the size: ``2.66e-4``, ``0.0123``, ``0.11``, ``13.7``, ``1,240``.

    A dash for None, NaN and infinity.
    """
    if value is None or not math.isfinite(value):
        return MISSING
    size = abs(value)
    if value != 0 and (size < 1e-3 or size >= 1e6):
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa}e{int(exponent)}"  # the exponent's minus as people type it
    decimals = next((d for limit, d in ((0.1, 4), (10, 2), (100, 1)) if size < limit), 0)
    return f"{value:,.{decimals if value else 0}f}".replace("-", MINUS)


def point(values, decimals: int = 1) -> str:
    """``373.1, 162.5``; a dash where a coordinate is missing."""
    return _joined([fixed(float(v), decimals) for v in values])


def signed_point(values, decimals: int = 3) -> str:
    """``+0.142, −0.234``; a dash where a coordinate is missing."""
    return _joined([signed(float(v), decimals) for v in values])


def _joined(texts: list[str]) -> str:
    return MISSING if MISSING in texts else ", ".join(texts)
