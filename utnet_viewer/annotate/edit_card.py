"""The card of the selected joint: how far it moved, and what that did to the hand."""

from __future__ import annotations

import numpy as np

from core.annotation.records import Visibility
from core.conventions import JOINT_NAMES
from core.hand.fitting.fitter import bone_lengths_mm
from utnet_viewer.annotate.editing import HandEditor
from utnet_viewer.image.hover_card import JointCard
from utnet_viewer.numbers import MISSING, fixed, signed

#: Bones that changed by less than this, in mm, are called kept.
KEPT_WITHIN_MM = 0.5


def edit_card(editor: HandEditor, joint: int) -> JointCard:
    """What is to be said of a joint of the edited hand."""
    rows = [("moved", _moved(editor, joint))]
    if editor.joints_mm is None:
        rows.append(("hand", "free 2D, not fitted"))
    elif editor.fit is not None:
        rows.append(("hand refitted in", f"{fixed(editor.fit.milliseconds, 0)} ms"))
        rows.append(("fit residual", _residual(editor)))
    elif editor.is_refitting:
        rows.append(("hand", "being refitted…"))
    if editor.joints_mm is not None:
        rows.append(("bone lengths", bone_words(editor)))
    return JointCard(joint, JOINT_NAMES[joint] + _note(editor, joint), tuple(rows))


def _note(editor: HandEditor, joint: int) -> str:
    notes = []
    if editor.visibility[joint] == Visibility.OCCLUDED:
        notes.append("occluded")
    if editor.visibility[joint] == Visibility.OUTSIDE:
        notes.append("outside")
    if joint in editor.locked:
        notes.append("locked")
    return "".join(f" · {note}" for note in notes)


def _moved(editor: HandEditor, joint: int) -> str:
    moved_px, moved_mm = float(editor.moved_px[joint]), float(editor.moved_mm[joint])
    if not np.isfinite(moved_px):
        return "no label to compare"
    if not np.isfinite(moved_mm):
        return f"{fixed(moved_px)} px"
    return f"{fixed(moved_px)} px   {fixed(moved_mm)} mm"


def residual_px(editor: HandEditor) -> float:
    """Mean distance, in px, between joints that a person placed and where the fit has them."""
    if editor.fit is None:
        return float("nan")
    residuals_px = editor.fit.residuals_px[list(editor.asked)]
    known = residuals_px[np.isfinite(residuals_px)]
    return float(known.mean()) if known.size else float("nan")


def _residual(editor: HandEditor) -> str:
    value = residual_px(editor)
    return f"{fixed(value)} px" if np.isfinite(value) else MISSING


def bone_words(editor: HandEditor) -> str:
    """``"kept"``, or by how many mm the bone that changed most did."""
    if editor.original is None:
        return "no label to compare"
    change_mm = bone_lengths_mm(editor.joints_mm) - bone_lengths_mm(editor.original.joints_mm)
    most_mm = float(change_mm[np.abs(change_mm).argmax()])
    if abs(most_mm) < KEPT_WITHIN_MM:
        return "kept"
    return f"up to {signed(most_mm)} mm"
