"""Tables of evidence as texts: how much of them a report shows."""

from core.doctor.evidence import Table
from core.doctor.phrases import number

#: More rows than this belong into a file, not before a reader.
_ROWS_SHOWN = 20


def shown_rows(table: Table) -> tuple[tuple[tuple[object, ...], ...], int]:
    """The rows that a report shows, and how many more there are."""
    return table.rows[:_ROWS_SHOWN], max(len(table.rows) - _ROWS_SHOWN, 0)


def cell_text(value: object) -> str:
    """A number as numbers are written, a dash for nothing, anything else as it is."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return number(value)


def is_number(value: object) -> bool:
    """Whether a cell is set like a number: to the right."""
    return isinstance(value, int | float) and not isinstance(value, bool)
