"""What every plot of a page shares: grid, texts of the axes, strokes of its curves."""

from core.pages.svg import Axis, Drawing

#: Curves and skeletons differ by dashes as well as by colour.
DASHES = ("none", "7 4", "2 3", "9 3 2 3", "1 3")


def paint_frame(drawing: Drawing, across: Axis, up: Axis, x_label: str) -> None:
    """Grid and texts of both axes; the horizontal grid only, without ticks or a frame."""
    for place, text in up.ticks():
        drawing.line(across.start, place, across.end, place, "grid")
        drawing.text(across.start - 8, place + 4, text, "t3", anchor="end")
    bottom = up.start
    for place, text in across.ticks():
        drawing.text(place, bottom + 16, text, "t3", anchor="middle")
    middle = (across.start + across.end) / 2
    drawing.text(middle, bottom + 33, x_label, "t3", anchor="middle")


def stroke(index: int) -> str:
    """CSS of the curve that comes at this place in the legend."""
    return f"stroke-width:1.75;stroke-dasharray:{DASHES[index % len(DASHES)]}"
