"""The checks, thresholds and causes as Markdown tables: ``python -m core.doctor.table [FILE]``.

Prints them, or puts them between FILE's markers: docs/doctor.md holds what this makes of the
registry, the catalogue and the threshold table, and a test compares them.
"""

import sys
from pathlib import Path

from core.doctor.phrases import check_formula, check_title, number
from core.doctor.registry import CHECKS
from core.doctor.thresholds import default_thresholds
from core.doctor.words import catalogue, say

BEGIN = "<!-- what follows is made by `python -m core.doctor.table docs/doctor.md` -->"
END = "<!-- until here -->"


def tables() -> str:
    """The three tables with their headings, in English."""
    return "\n".join([*_checks(), *_thresholds(), *_causes()])


def with_tables(text: str) -> str:
    """A document with what lies between its markers made anew.

    Raises ValueError where it lacks them.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the document needs the lines {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{after}"


def _checks() -> list[str]:
    rows = [
        (
            f"`{check.id}`",
            check_title(check.id, "en"),
            check_formula(check.id, "en"),
            check.tier.value,
            ", ".join(say(f"parts.{part}", "en") for part in check.needs),
        )
        for check in CHECKS
    ]
    heads = ("id", "asks", "measures", "tier", "needs")
    return ["### The checks, upstream first", "", *_rows(heads, rows), ""]


def _thresholds() -> list[str]:
    order = {check.id: place for place, check in enumerate(CHECKS)}
    table = sorted(
        default_thresholds().items(), key=lambda item: order.get(item[0].split(".")[0], len(order))
    )
    rows = [
        (f"`{key}`", f"{number(row.value)} {row.unit}".rstrip(), row.reason) for key, row in table
    ]
    return ["### The thresholds", "", *_rows(("key", "value", "why there"), rows), ""]


def _causes() -> list[str]:
    texts = catalogue("en")
    ids = [key.split(".")[1] for key in texts if key.startswith("causes.") and ".title" in key]
    rows = [
        (f"`{cause}`", texts[f"causes.{cause}.title"], texts[f"causes.{cause}.remedy"])
        for cause in sorted(ids)
    ]
    heads = ("id", "says", "what to do")
    return ["### The causes it can name", "", *_rows(heads, rows), ""]


def _rows(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return [f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Print the tables, or write them into the file that is named."""
    if not arguments:
        print(tables())
        return 0
    path = Path(arguments[0])
    path.write_text(with_tables(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
