"""The ground-truth hand of a frame, joints and surface, as far as its dataset gives them."""

from core.data.frame import Frame
from core.hand.hand_model import HandMesh, HandModel


def true_hand(frame: Frame, hand_model: HandModel) -> HandMesh | None:
    """Return the labelled joints with the surface released for them, or else posed from MANO.

    None where the frame has no labels of all joints, or neither surface nor parameters. The
    joints are always the labels themselves; a hand model other than the labels' own may pose a
    surface that stands off from them.
    """
    hand = frame.hand
    if hand is None or not hand.has_all_joints:
        return None
    if hand.vertices_mm is not None:
        return HandMesh(vertices_mm=hand.vertices_mm, joints_mm=hand.joints_mm)
    if hand.mano is None:
        return None
    side = hand_model.of_side(hand.is_right)
    return HandMesh(side.pose(hand.mano).vertices_mm, hand.joints_mm)
