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


def point(values, decimals: int = 1) -> str:
    """``373.1, 162.5``; a dash where a coordinate is missing."""
    return _joined([fixed(float(v), decimals) for v in values])


def signed_point(values, decimals: int = 3) -> str:
    """``+0.142, −0.234``; a dash where a coordinate is missing."""
    return _joined([signed(float(v), decimals) for v in values])


def _joined(texts: list[str]) -> str:
    return MISSING if MISSING in texts else ", ".join(texts)
