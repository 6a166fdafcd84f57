"""Which hand model is in use, and whether it is a hand."""

from pathlib import Path

import numpy as np

from core.doctor.environment.examined import Examined, Health
from core.hand.hand_model import ManoParameters
from core.hand.mano_file import load_hand_model

_WRIST, _MIDDLE_TIP = 0, 18


def examine_hand_model(path: Path | None = None) -> Examined:
    """Load and pose a hand model: a MANO file, or the embedded stand-in where none is named.

    The reader itself refuses files that are no hand of a person's size.
    """
    name = "hand model"
    try:
        model = load_hand_model(path)
        rest = ManoParameters(np.zeros(3), np.zeros(45), np.zeros(10), np.zeros(3))
        joints_mm = model.pose(rest).joints_mm
    except (OSError, ValueError) as error:
        advice = "choose another one in the window (File), or with --hand-model"
        return Examined(name, f"{path or 'stand-in'}: {error}", Health.WRONG, advice)
    length_mm = float(np.linalg.norm(joints_mm[_MIDDLE_TIP] - joints_mm[_WRIST]))
    side = "right" if model.is_right else "left"
    count = len(model.template_m)
    measured = f"{model.name}, {side}, {count} vertices, wrist to middle tip {length_mm:.1f} mm"
    if model.is_stand_in:
        advice = "for figures that speak about HO-3D bring your own MANO_RIGHT.pkl (--hand-model)"
        return Examined(name, measured, Health.NOTE, advice)
    return Examined(name, measured, Health.OK)
