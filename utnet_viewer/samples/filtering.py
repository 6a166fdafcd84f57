"""The samples filter: words that must all hold, such as ``seq:MC1* frame>100 pa>10``.

Terms: ``seq:GLOB``, ``frame:GLOB``; ``frame``, ``pa`` (PA-MPJPE, mm) or ``px`` (2D error) with
``< <= > >= =`` and a number; ``unreadable``; any other word is looked for in ``SEQ/ID`` (with ``*``
or ``?`` in it, it must match the whole). ``and`` between terms may be written or left out.
"""

import re
from fnmatch import fnmatchcase

import numpy as np

from utnet_viewer.samples.catalogue import Catalogue

_COMPARISON = re.compile(r"(frame|pa|px)(<=|>=|<|>|=)(.*)", re.IGNORECASE)
_NAMED = re.compile(r"(\w+):(.*)")
_COMPARE = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "=": np.equal,
}


class FilterError(ValueError):
    """The filter cannot be understood; the message says which part and why."""


def filter_rows(text: str, catalogue: Catalogue) -> np.ndarray:
    """Return the mask (N,) of rows for which every term holds.

    A row without a known figure does not pass a comparison of that figure. Raises FilterError.
    """
    # "frame > 100" is one term, like "frame>100".
    text = re.sub(r"\s*(<=|>=|<|>|=)\s*", r"\1", text.strip())
    mask = np.ones(len(catalogue), bool)
    for term in text.split():
        if term.lower() != "and":
            mask &= _term(term, catalogue)
    return mask


def _term(term: str, catalogue: Catalogue) -> np.ndarray:
    if term.lower() in ("or", "not") or term.startswith("("):
        raise FilterError(f'"{term}" is not understood: all words of a filter must hold')
    if term.lower() == "unreadable":
        mask = np.zeros(len(catalogue), bool)
        mask[list(catalogue.problems)] = True
        return mask
    comparison = _COMPARISON.fullmatch(term)
    if comparison:
        return _compare(*comparison.groups(), catalogue)
    if re.search("[<>=]", term):
        raise FilterError(f'"{term}": only frame, pa and px can be compared')
    named = _NAMED.fullmatch(term)
    if named:
        return _named(named[1], named[2], catalogue)
    return _text(term, catalogue)


def _compare(name: str, operator: str, number: str, catalogue: Catalogue) -> np.ndarray:
    columns = {"frame": "frame_numbers", "pa": "pa_mm", "px": "error_px"}
    try:
        limit = float(number)
    except ValueError:
        raise FilterError(f'"{name}{operator}" needs a number, not "{number}"') from None
    column = getattr(catalogue, columns[name.lower()])
    return _COMPARE[operator](column, limit) & (column >= 0)


def _named(name: str, pattern: str, catalogue: Catalogue) -> np.ndarray:
    columns = {"seq": catalogue.sequences, "frame": catalogue.frames}
    if name.lower() not in columns:
        raise FilterError(f'"{name}:" is not known; there are seq: and frame:')
    if not pattern:
        raise FilterError(f'"{name}:" needs a name after it, such as {name}:M*')
    return _glob(pattern, columns[name.lower()])


def _glob(pattern: str, column: np.ndarray) -> np.ndarray:
    # Few names stand in many rows: match each name once.
    names, where = np.unique(column, return_inverse=True)
    return np.array([fnmatchcase(name, pattern) for name in names.tolist()], bool)[where]


def _text(word: str, catalogue: Catalogue) -> np.ndarray:
    if "*" in word or "?" in word:
        names = zip(catalogue.sequences.tolist(), catalogue.frames.tolist(), strict=True)
        return np.array([fnmatchcase(f"{seq}/{frame}", word) for seq, frame in names], bool)
    if "/" in word:
        names = np.char.add(np.char.add(catalogue.sequences, "/"), catalogue.frames)
        return np.char.find(names, word) >= 0
    found = np.char.find(catalogue.sequences, word) >= 0
    return found | (np.char.find(catalogue.frames, word) >= 0)
