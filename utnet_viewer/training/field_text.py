"""Values of a configuration as people read and type them."""

import re

from core.training.config_fields import FieldInfo, Scalar, expected

#: Between thousands; other spaces, commas and underscores are understood too.
THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"

_BETWEEN_THOUSANDS = re.compile(r"(?<=\d)[\s_,](?=\d{3}(?:\D|$))")


def show_value(value: Scalar) -> str:
    """A value as text that `read_value` takes back unchanged; "" for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        grouped = f"{value:,}".replace(",", THIN_SPACE)
        return grouped if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return _show_float(value)
    return value


def _show_float(value: float) -> str:
    if value != 0 and not 1e-3 < abs(value) < 1e6:
        mantissa, _, exponent = f"{value:.17e}".partition("e")
        shortest = next(
            text for digits in range(18) if float(text := f"{value:.{digits}e}") == value
        )
        mantissa, _, exponent = shortest.partition("e")
        return f"{mantissa}e{int(exponent)}"
    text = repr(value)
    return text.removesuffix(".0") if abs(value) >= 100 else text


def read_value(field: FieldInfo, text: str) -> Scalar:
    """What a person typed into a field; raises ValueError with a sentence for people.

    Ranges are for the configuration's own schema to check.
    """
    text = text.strip()
    if field.kind in ("text", "file", "folder", "choice"):
        return None if field.optional and not text else text
    if field.kind == "bool":
        return text == "yes"
    if not text:
        if field.optional:
            return None
        raise ValueError(f"expected {expected(field)}")
    text = _BETWEEN_THOUSANDS.sub("", text).replace("\N{MINUS SIGN}", "-")
    try:
        return int(text) if field.kind == "int" else float(text)
    except ValueError:
        if field.kind == "int" and _is_whole(text):
            return int(float(text))
        raise ValueError(f"expected {expected(field)}, not “{text}”") from None


def _is_whole(text: str) -> bool:
    try:
        return float(text).is_integer()
    except ValueError:
        return False
