"""JSON lists of arrays that are too large to be parsed at once, cut into rows as they stream by.

Nothing is kept but the row that is being read: a file of any size takes the memory of one block.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import orjson

_OPEN, _CLOSE = ord("["), ord("]")
#: What numbers, their lists and the space between are written with, "NaN" and "Infinity" too.
_CHARACTERS = b"0123456789+-.eE,[] \t\r\nNaInfity"
#: Text between rows: commas, brackets and what people indent with.
_LONGEST_FRAMING = 4 * 2**20
#: Stands for a row in that text.
_ROW = b"null"


class JsonStreamError(ValueError):
    """JSON that does not hold what it must; the text names the file and the place in it."""


@dataclass
class RowPlaces:
    """Finds where the lists at one level begin and end, in text that comes in blocks.

    Attributes:
        level: 2 for the lists within the outermost one, 3 for those within these.
        depth: How many lists are open at the end of the last block.
    """

    level: int
    depth: int = 0

    def feed(self, block: bytes) -> tuple[np.ndarray, np.ndarray]:
        """Places in this block where lists of the level begin, and behind which they end."""
        characters = np.frombuffer(block, np.uint8)
        places = np.flatnonzero((characters == _OPEN) | (characters == _CLOSE))
        is_open = characters[places] == _OPEN
        depths = self.depth + np.cumsum(np.where(is_open, 1, -1))
        self.depth = int(depths[-1]) if len(depths) else self.depth
        begins = places[is_open & (depths == self.level)]
        ends = places[~is_open & (depths == self.level - 1)] + 1
        return begins, ends


class Row(NamedTuple):
    """A row's text, the number of the list it is in, and its own number in the whole stream."""

    list_number: int
    number: int
    text: bytes


class RowStream:
    """The rows of one stream, as text, one after the other."""

    def __init__(self, source: str, *, level: int, longest: int) -> None:
        """`source` is what errors call it; `level` as for `RowPlaces`.

        `longest` is how many bytes a row can have at most.
        """
        self._source = source
        self._level = level
        self._longest = longest
        self._read = 0
        self._rows = 0
        self._framing = bytearray()
        self._opened = 0

    def rows(self, blocks: Iterable[bytes]) -> Iterator[Row]:
        """Cut the rows out of the blocks.

        What stands between the rows is judged when the stream has ended.

        Raises:
            JsonStreamError: It is cut off, a row is too long, or it is no list of arrays (at
                level 3: no list of such lists).
        """
        places, rest, is_inside = RowPlaces(self._level), b"", False
        for block in blocks:
            text, shift, at = rest + block, len(rest), 0
            # Begins and ends take turns.
            for mark in np.sort(np.concatenate(places.feed(block))) + shift:
                piece = text[at:mark]
                if is_inside:
                    yield self._row(piece)
                else:
                    self._keep_framing(piece)
                is_inside, at = not is_inside, int(mark)
            rest = text[at:]
            self._read += len(block)
            if is_inside:
                self._check_length(rest)
            else:
                self._keep_framing(rest)
                rest = b""
        self._check_end(places.depth)

    def _row(self, text: bytes) -> Row:
        self._check_length(text)
        row = Row(self._opened - self._level + 1, self._rows, text)
        self._rows += 1
        self._framing += _ROW
        return row

    def _check_length(self, text: bytes) -> None:
        if len(text) > self._longest:
            raise JsonStreamError(
                f"{self._source}: entry {self._rows} has over {self._longest:,} bytes, more than "
                f"its numbers can take (near byte {self._read:,}); is it another kind of file?"
            )

    def _keep_framing(self, text: bytes) -> None:
        self._framing += text
        self._opened += text.count(b"[")
        if len(self._framing) > _LONGEST_FRAMING + 64 * self._rows:
            raise JsonStreamError(
                f"{self._source}: it is no list of arrays; near byte {self._read:,} it has "
                f"{bytes(text[:40])!r} in their place"
            )

    def _check_end(self, depth: int) -> None:
        """With a word in place of every row, what remains must be a list of such words."""
        if depth > 0:
            raise JsonStreamError(
                f"{self._source}: it is cut off after {self._read:,} bytes, behind {self._rows} "
                "whole entries; copy or write it again"
            )
        try:
            frame = json.loads(self._framing)
        except (ValueError, RecursionError) as error:
            text = f"it is not JSON between its entries ({error})" if self._rows else f"{error}"
            raise JsonStreamError(f"{self._source}: not a list of arrays: {text}") from error
        lists = frame if self._level == 3 else [frame]
        is_right = isinstance(lists, list) and all(isinstance(part, list) for part in lists)
        if not is_right or any(item is not None for part in lists for item in part):
            raise JsonStreamError(f"{self._source}: it holds something else than lists of arrays")
        if sum(map(len, lists)) != self._rows:
            raise JsonStreamError(f"{self._source}: some of its entries are null")


def parse_numbers(text: bytes, shape: tuple[int, ...], *, name: str) -> np.ndarray:
    """The numbers of a row's text, of exactly this shape; NaN and Infinity as they stand there.

    Raises:
        JsonStreamError: something is no number, or the shape is another; it begins with `name`.
    """
    if strange := text.translate(None, _CHARACTERS):
        raise JsonStreamError(f"{name}: something is no number (it has {_shown(strange)})")
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            values = json.loads(text)  # knows NaN and Infinity, which the standard does not
        except (ValueError, RecursionError) as error:
            raise JsonStreamError(f"{name}: it is not JSON: {error}") from error
    try:
        numbers = np.array(values, float)
    except (ValueError, TypeError, OverflowError) as error:
        raise JsonStreamError(f"{name}: its lists differ in length ({error})") from error
    if numbers.shape != shape:
        raise JsonStreamError(f"{name}: it is {_by(numbers.shape)}, not {_by(shape)}")
    return numbers


def _shown(text: bytes) -> str:
    return repr(text[:20].decode("ascii", "replace"))


def _by(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "a single number"
