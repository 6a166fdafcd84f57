"""How measured numbers are written wherever they are read."""

import math

MINUS = "\N{MINUS SIGN}"

#: Nothing that is measured here means anything below this: it is what rounding leaves of zero.
ROUNDING = 1e-9


def number(value: float) -> str:
    """Four digits whatever the size: ``186.4``, ``0.1864``, ``3e−5``; NaN and ∞ as such.

    What is below `ROUNDING` is written as 0.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    size = abs(value) if abs(value) >= ROUNDING else 0.0
    value = value if size else 0.0
    if size and (size < 1e-3 or size >= 1e6):
        mantissa, exponent = f"{value:.3e}".split("e")
        text = f"{_trimmed(mantissa)}e{int(exponent)}"
    else:
        digits_before = math.floor(math.log10(size)) + 1 if size else 1
        text = _trimmed(f"{value:.{max(0, 4 - digits_before)}f}")
    return text.replace("-", MINUS)


def _trimmed(digits: str) -> str:
    text = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if text in ("-0", "") else text
