"""What could be typed next in a filter."""

from dataclasses import dataclass

from core.evaluation.frame_filter import (
    KEYWORDS,
    LONGEST_TEXT,
    UNREADABLE,
    FilterError,
    Token,
    named_column,
    tokens,
)
from core.evaluation.frame_filter_columns import (
    FIGURES,
    JOINTS,
    NAMES,
    FilterColumn,
    FrameTable,
    MissingColumnError,
)

#: Longer lists are not read; the next letter makes them shorter.
MOST_OFFERED = 40

_NUMBER_SIGNS = ((">", "more than"), ("<", "less than"), (">=", ""), ("<=", ""), ("=", ""))
_WORD_SIGNS = (("=", "is"), ("~", "fits a pattern with * and ?"), ("!=", "is not"))
_JOINT_PREFIXES = (
    ("joint.", "error of one joint, wrist on wrist, mm"),
    ("pa_joint.", "error of one joint, Procrustes-aligned, mm"),
    ("px_joint.", "2D error of one joint, px"),
)


@dataclass(frozen=True)
class Completion:
    """Something to be typed: `text` in place of what stands from `start` to `end`."""

    text: str
    hint: str
    start: int
    end: int


def completions(text: str, cursor: int, *, table: FrameTable | None = None) -> list[Completion]:
    """What could stand at the cursor, likeliest first; of `table` the words it knows.

    Never raises: where the text before the cursor makes no sense, nothing is offered.
    """
    if len(text) > LONGEST_TEXT:
        return []
    before, partial = _before(text, cursor)
    if before is None:
        return []
    offers = _offers(before, partial, table)
    end = cursor
    while end < len(text) and not text[end].isspace() and text[end] not in "()\"'<>=!~:":
        end += 1
    start = cursor - len(partial)
    fitting = _fitting(offers, partial.strip("\"'"))
    return [Completion(word, hint, start, end) for word, hint in fitting][:MOST_OFFERED]


def _before(text: str, cursor: int) -> tuple[list[Token] | None, str]:
    """The whole pieces before the cursor, and the part of a piece that ends at it."""
    head = text[:cursor]
    quote = _open_quote(head)
    try:
        if quote >= 0:
            return tokens(head[:quote]), head[quote:]
        found = tokens(head)
    except FilterError:
        return None, ""
    if found and found[-1].end == cursor and found[-1].kind == "word":
        return found[:-1], found[-1].text
    return found, ""


def _open_quote(head: str) -> int:
    """Where a quotation begins that is not closed, -1 for nowhere."""
    quote = -1
    for position, letter in enumerate(head):
        if quote < 0 and letter in "\"'":
            quote = position
        elif quote >= 0 and letter == head[quote]:
            quote = -1
    return quote


def _offers(before: list[Token], partial: str, table: FrameTable | None) -> list[tuple[str, str]]:
    last = before[-1] if before else None
    if last is not None and last.kind == "sign":
        column = named_column(before[-2].value) if len(before) > 1 else None
        return _values(column, table) if column is not None else []
    column = named_column(last.value) if last is not None and last.kind == "word" else None
    is_value = len(before) > 1 and before[-2].kind == "sign"
    if column is not None and not is_value:
        return [] if partial else list(_signs(column))
    is_after_term = last is not None and (last.kind != "open" and not last.keyword)
    links = [("and", "both hold"), ("or", "at least one holds")] if is_after_term else []
    return [*links, *_conditions(partial)]


def _signs(column: FilterColumn) -> tuple[tuple[str, str], ...]:
    return {"number": _NUMBER_SIGNS, "words": _WORD_SIGNS}.get(
        column.kind, (*_NUMBER_SIGNS, _WORD_SIGNS[1])
    )


def _conditions(partial: str) -> list[tuple[str, str]]:
    columns = [(c.name, _meaning(c)) for c in (*FIGURES, *NAMES)]
    columns.append((UNREADABLE, "frames that cannot be read"))
    columns.append(("not", "all other frames"))
    if len(partial) >= 3:  # 63 names would bury the others
        return [*columns, *((c.name, _meaning(c)) for c in JOINTS)]
    return [*columns, *_JOINT_PREFIXES]


def _meaning(column: FilterColumn) -> str:
    return f"{column.meaning}, {column.unit}" if column.unit else column.meaning


def _values(column: FilterColumn, table: FrameTable | None) -> list[tuple[str, str]]:
    if column.kind == "number" or table is None:
        return []
    try:
        names = table.words(column.name).names
    except MissingColumnError:
        return []
    return [(_quoted(name), "") for name in sorted(names) if name]


def _quoted(word: str) -> str:
    """As it is written in a filter."""
    is_plain = not any(sign.isspace() or sign in "()\"'<>=!~:" for sign in word)
    if is_plain and word.lower() not in KEYWORDS:
        return word
    return f"'{word}'" if '"' in word else f'"{word}"'


def _fitting(offers: list[tuple[str, str]], partial: str) -> list[tuple[str, str]]:
    """Those that begin with what was typed, then those that contain it."""
    typed = partial.lower()
    if not typed:
        return offers
    plain = [(word, hint, word.strip("\"'").lower()) for word, hint in offers]
    first = [(word, hint) for word, hint, low in plain if low.startswith(typed)]
    later = [(w, h) for w, h, low in plain if typed in low and not low.startswith(typed)]
    fits = [*first, *later]
    return [] if [word.lower() for word, _ in fits] == [typed] else fits
