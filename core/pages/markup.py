"""HTML and SVG that escape by construction: a text becomes markup in this file only."""

import html
import re

#: Characters that neither XML nor HTML may hold: controls, and halves of surrogate pairs.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def writable(text: str) -> str:
    """The text with what no document may hold made visible as a replacement character."""
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def escaped(text: str) -> str:
    """The text as text, in content and in attributes: it opens no tag and ends no quote."""
    return html.escape(writable(text), quote=True)


class Html(str):
    """Markup; any other string is text and is escaped where it is put."""

    __slots__ = ()


def element(name: str, *children: str, css: str = "", **attributes: str) -> Html:
    """``<name class="css" …>children</name>``; children that are no `Html` are escaped.

    An attribute's trailing underscore is left off (``open_``); other underscores become hyphens.
    """
    pairs = ({"class": css} if css else {}) | {
        key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()
    }
    opening = "".join(f' {key}="{escaped(value)}"' for key, value in pairs.items())
    return Html(f"<{name}{opening}>{joined(*children)}</{name}>")


def joined(*parts: str) -> Html:
    """One after the other; those that are no `Html` are escaped."""
    return Html("".join(part if isinstance(part, Html) else escaped(part) for part in parts))
