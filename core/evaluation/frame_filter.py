"""The language that picks frames: ``pa_mpjpe > 10 and seq ~ "MC*" and not flag = bad``.

A filter is made of terms, joined by ``and``, ``or``, ``not`` and parentheses; between two terms
``and`` may be left out.

- ``NAME < <= > >= = != NUMBER`` compares a figure; a unit may follow (``pa_mpjpe > 10 mm``). A
  frame whose figure is unknown passes no comparison.
- ``NAME = WORD``, ``NAME != WORD`` and ``NAME ~ GLOB`` (or ``NAME:GLOB``) match words.
- ``unreadable`` are the frames that cannot be read.
- Any other word is looked for in ``SEQ/ID``; with ``*`` or ``?`` in it, it must match the whole.

``not`` means all other frames, those included of which the figure is unknown. Words with blanks or
signs in them stand in quotes. Names and ``and or not`` may be written large or small; what is
matched may not.
"""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import translate

import numpy as np

from core.evaluation.frame_filter_columns import (
    ALIASES,
    COLUMNS,
    FilterColumn,
    FrameTable,
    MissingColumnError,
)

#: Nobody types more; what is pasted by mistake is refused at once.
LONGEST_TEXT = 2000
DEEPEST_NESTING = 40

KEYWORDS = ("and", "or", "not")
UNREADABLE = "unreadable"
_SIGNS_OF_OTHERS = {"&": "and", "&&": "and", "|": "or", "||": "or"}

_TOKEN = re.compile(
    r"""(?P<sign><=|>=|!=|==|[<>=~:])|(?P<open>\()|(?P<close>\))|"""
    r"""(?P<quoted>"[^"]*"|'[^']*')|(?P<word>[^\s()"'<>=!~:]+)"""
)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,3})?", re.IGNORECASE)
_UNITS = ("mm", "px", "m")

_COMPARE: dict[str, Callable[..., np.ndarray]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "=": np.equal,
    "!=": np.not_equal,
}


class FilterError(ValueError):
    """A filter cannot be understood, or the table lacks what it asks for.

    The text says what is wrong; `start` and `end` where, as positions in the filter's text.
    """

    def __init__(self, what: str, start: int, end: int) -> None:
        super().__init__(what)
        self.start, self.end = start, end


@dataclass(frozen=True)
class Token:
    """A piece of a filter: `kind` is sign, open, close, quoted or word."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def keyword(self) -> str:
        """``and``, ``or`` or ``not``, however it is written; "" for anything else."""
        lower = self.text.lower()
        return lower if self.kind == "word" and lower in KEYWORDS else ""

    @property
    def value(self) -> str:
        """What it stands for: a word in quotes without them."""
        return self.text[1:-1] if self.kind == "quoted" else self.text


def tokens(text: str) -> list[Token]:
    """The pieces of a filter; raises FilterError for what can be none."""
    found, position = [], 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        match = _TOKEN.match(text, position)
        if match is None:
            sign = text[position]
            what = f"the quotation {sign} is not closed" if sign in "\"'" else f"{sign} alone"
            raise FilterError(f"{what} is not understood", position, len(text))
        found.append(Token(match.lastgroup, match[0], match.start(), match.end()))
        position = match.end()
    return found


# What a filter is made of. Each part gives the mask (N,) of frames that pass.


@dataclass(frozen=True)
class _All:
    parts: tuple

    def mask(self, table: FrameTable) -> np.ndarray:
        result = np.ones(len(table), bool)
        for part in self.parts:
            result &= part.mask(table)
        return result


@dataclass(frozen=True)
class _Any:
    parts: tuple

    def mask(self, table: FrameTable) -> np.ndarray:
        result = np.zeros(len(table), bool)
        for part in self.parts:
            result |= part.mask(table)
        return result


@dataclass(frozen=True)
class _Not:
    part: object

    def mask(self, table: FrameTable) -> np.ndarray:
        return ~self.part.mask(table)


@dataclass(frozen=True)
class _Comparison:
    column: FilterColumn
    sign: str
    limit: float
    name: Token

    def mask(self, table: FrameTable) -> np.ndarray:
        figures = _of_table(table.figures, self)
        # In the precision of the column: 1.1 is what is stored where 1.1 was meant.
        with np.errstate(over="ignore"):
            limit = np.asarray(self.limit).astype(figures.dtype)
        return _COMPARE[self.sign](figures, limit) & ~np.isnan(figures)


@dataclass(frozen=True)
class _Match:
    column: FilterColumn
    pattern: str
    is_glob: bool
    is_wanted: bool
    name: Token

    def mask(self, table: FrameTable) -> np.ndarray:
        words = _of_table(table.words, self)
        fits = re.compile(translate(self.pattern)).match if self.is_glob else self.pattern.__eq__
        found = words.rows_with(np.array([bool(fits(name)) for name in words.names], bool))
        return found if self.is_wanted else ~found


@dataclass(frozen=True)
class _Search:
    word: str
    is_glob: bool

    def mask(self, table: FrameTable) -> np.ndarray:
        return table.containing(self.word, is_glob=self.is_glob)


@dataclass(frozen=True)
class _Unreadable:
    def mask(self, table: FrameTable) -> np.ndarray:
        return table.unreadable()


def _of_table(get: Callable, part: _Comparison | _Match):
    try:
        return get(part.column.name)
    except MissingColumnError as error:
        raise FilterError(str(error.args[0]), part.name.start, part.name.end) from error


@dataclass(frozen=True)
class Filter:
    """A filter that was understood; the empty one lets every frame pass."""

    text: str
    _root: object

    def mask(self, table: FrameTable) -> np.ndarray:
        """The mask (N,) of frames that pass; raises FilterError for a column it has not."""
        return self._root.mask(table)


def parse(text: str) -> Filter:
    """Understand a filter; raises FilterError and nothing else."""
    if len(text) > LONGEST_TEXT:
        what = f"a filter has at most {LONGEST_TEXT:,} characters, not {len(text):,}"
        raise FilterError(what, LONGEST_TEXT, len(text))
    return Filter(text, _Parser(text).parse())


class _Parser:
    """Recursive descent; every parenthesis and every ``not`` is one level deeper."""

    def __init__(self, text: str) -> None:
        self._tokens, self._end, self._at, self._depth = tokens(text), len(text), 0, 0

    def parse(self) -> object:
        if not self._tokens:
            return _All(())
        root = self._alternatives()
        left = self._peek()
        if left is not None:  # only a parenthesis ends an expression early
            raise FilterError('this ")" closes nothing', left.start, left.end)
        return root

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, wanted: str) -> Token:
        """The next piece; `wanted` says what is missing where there is none."""
        token = self._peek()
        if token is None:
            raise FilterError(f"{wanted} is missing at the end", self._end, self._end)
        self._at += 1
        return token

    def _alternatives(self) -> object:
        parts = [self._together()]
        while (token := self._peek()) is not None and token.keyword == "or":
            self._at += 1
            parts.append(self._together())
        return parts[0] if len(parts) == 1 else _Any(tuple(parts))

    def _together(self) -> object:
        parts = [self._one()]
        while (token := self._peek()) is not None:
            if token.kind == "close" or token.keyword == "or":
                break
            if token.keyword == "and":
                self._at += 1
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else _All(tuple(parts))

    def _one(self) -> object:
        token = self._take("a condition")
        if token.keyword == "not" or token.kind == "open":
            self._depth += 1
            if self._depth > DEEPEST_NESTING:
                what = f"nested more than {DEEPEST_NESTING} times"
                raise FilterError(what, token.start, token.end)
            part = self._parenthesis(token) if token.kind == "open" else _Not(self._one())
            self._depth -= 1
            return part
        if token.keyword or token.kind in ("sign", "close"):
            what = f'a condition is missing before "{token.text}"'
            raise FilterError(what, token.start, token.end)
        return self._term(token)

    def _parenthesis(self, opening: Token) -> object:
        if self._peek() is None:
            raise FilterError('this "(" is not closed', opening.start, opening.end)
        inner = self._alternatives()
        if self._peek() is None:
            raise FilterError('this "(" is not closed', opening.start, opening.end)
        self._at += 1
        return inner

    def _term(self, token: Token) -> object:
        sign = self._peek()
        if sign is not None and sign.kind == "sign":
            self._at += 1
            return self._relation(token, sign)
        word = token.value
        if token.kind == "word":
            if word in _SIGNS_OF_OTHERS:
                what = f'write "{_SIGNS_OF_OTHERS[word]}" instead of "{word}"'
                raise FilterError(what, token.start, token.end)
            if word.lower() == UNREADABLE:
                return _Unreadable()
            column = named_column(word)
            if column is not None:
                what = f"{column.name} of what? {_how_to_use(column)}"
                raise FilterError(what, token.start, token.end)
        return _Search(word, "*" in word or "?" in word)

    def _relation(self, name: Token, sign: Token) -> object:
        column = named_column(name.value)
        if column is None:
            raise FilterError(_no_such_column(name.value), name.start, name.end)
        value = self._value(column, name, sign)
        is_words = column.kind == "words" or sign.text in "~:"
        number = None if is_words else self._number(column, value)
        if number is not None:
            return _Comparison(column, sign.text.replace("==", "="), number, name)
        if column.kind == "number" or sign.text not in ("=", "==", "!=", "~", ":"):
            what = f'{column.name} cannot be used with "{sign.text}": {_how_to_use(column)}'
            raise FilterError(what, sign.start, sign.end)
        return _Match(column, value.value, sign.text in "~:", sign.text != "!=", name)

    def _value(self, column: FilterColumn, name: Token, sign: Token) -> Token:
        what = "a number" if column.kind == "number" else "a word"
        token = self._peek()
        if token is None or token.kind not in ("word", "quoted") or token.keyword:
            end = sign.end if token is None else token.end
            needs = f'"{name.text}{sign.text}" needs {what} after it, {_how_to_use(column)}'
            raise FilterError(needs, sign.end if token is None else token.start, end)
        self._at += 1
        return token

    def _number(self, column: FilterColumn, value: Token) -> float | None:
        """The number, with its unit taken away; None where a frame's name stands in its place."""
        if _NUMBER.fullmatch(value.value) is None:
            if column.kind == "both":
                return None
            hint = " (decimals follow a point)" if "," in value.text else ""
            what = f'{column.name} needs a number, not "{value.value}"{hint}'
            raise FilterError(what, value.start, value.end)
        self._unit(column)
        return float(value.value)

    def _unit(self, column: FilterColumn) -> None:
        token = self._peek()
        if token is None or token.text not in _UNITS or token.kind != "word":
            return
        if token.text != column.unit:
            unit = f"in {column.unit}" if column.unit else "without a unit"
            what = f"{column.name} is {unit}, not in {token.text}"
            raise FilterError(what, token.start, token.end)
        self._at += 1


def named_column(name: str) -> FilterColumn | None:
    """The column that is written like this, however it is capitalised."""
    lower = name.lower()
    return COLUMNS.get(ALIASES.get(lower, lower))


def _how_to_use(column: FilterColumn) -> str:
    if column.kind == "number":
        return f"such as {column.name} > 10"
    word = "100" if column.kind == "both" else "NAME"
    return f"such as {column.name} = {word} or {column.name} ~ M*"


def _no_such_column(name: str) -> str:
    near = difflib.get_close_matches(name.lower()[:40], COLUMNS, n=3, cutoff=0.55)
    shown = name if len(name) <= 40 else f"{name[:40]}…"
    names = f"nearest: {', '.join(near)}" if near else "such as pa_mpjpe, px, seq, joint.thumb_tip"
    return f'no column is called "{shown}"; {names}'
