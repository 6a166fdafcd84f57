"""How annotations are told: review, visibility, flags, what was done, and how long ago."""

from __future__ import annotations

import time
from datetime import datetime

from core.annotation.records import FLAG_WORDS, Edit, ReviewState, Visibility
from utnet_viewer.training.run_words import Told

#: Icon, word and colour of every review state, in the order of their keys.
REVIEW = {
    ReviewState.NEW: Told("circle-dashed", "new", "plain"),
    ReviewState.IN_REVIEW: Told("circle-half", "in review", "accent"),
    ReviewState.DONE: Told("check-circle", "done", "success"),
    ReviewState.REJECTED: Told("prohibit", "rejected", "fault"),
}

#: Icon, word and colour of how a joint is seen.
VISIBILITY = {
    Visibility.LABELLED: Told("eye", "labelled", "success"),
    Visibility.OCCLUDED: Told("eye-slash", "occluded", "warning"),
    Visibility.OUTSIDE: Told("selection-slash", "outside", "plain"),
}

#: What stands before the words of an edit; a review's icon is that of its state.
FIELD_ICONS = {
    "correction": "arrows-out-cardinal",
    "visibility": "eye-slash",
    "flags": "flag",
    "note": "note-pencil",
}

_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86_400, 7 * 86_400


def flag_words(flag: str) -> str:
    """What people call a flag: ``"bad GT"`` for ``"bad"``; an own one is called what it is."""
    return FLAG_WORDS.get(flag, flag)


def edit_icon(edit: Edit) -> str:
    """The glyph of what was changed."""
    change = edit.change
    if change.field == "review":
        return REVIEW[change.value].icon
    return FIELD_ICONS[change.field]


def frame_words(frame: str) -> str:
    """``MC1 / 0021`` for ``MC1/0021``, as everywhere in the window."""
    return " / ".join(frame.split("/"))


def ago(at_s: float, now_s: float | None = None) -> str:
    """``now``, ``12 s``, ``4 min``, ``3 h``, ``2 d``, then the day; of seconds since 1970.

    A clock that was set back makes nothing come from the future: that is "now" too.
    """
    past_s = (time.time() if now_s is None else now_s) - at_s
    if past_s < 2:
        return "now"
    for limit, unit_s, unit in (
        (_MINUTE, 1, "s"),
        (_HOUR, _MINUTE, "min"),
        (_DAY, _HOUR, "h"),
        (_WEEK, _DAY, "d"),
    ):
        if past_s < limit:
            return f"{int(past_s // unit_s)} {unit}"
    return datetime.fromtimestamp(at_s).strftime("%Y-%m-%d")
