"""What is kept of every row of an evaluation: its state, and the columns of `store`."""

from enum import IntEnum

import numpy as np

from core.conventions import BETA_COUNT, JOINT_COUNT


class FrameState(IntEnum):
    """How far a row is."""

    PENDING = 0
    MEASURED = 1  # all joints are labelled
    ROOT_ONLY = 2  # only the wrist is: what can be measured is
    UNLABELLED = 3  # predicted only
    FAILED = 4  # no picture, nothing that says where the hand is, …: see `problems`

    @property
    def is_predicted(self) -> bool:
        """Whether there is a prediction."""
        return self in (FrameState.MEASURED, FrameState.ROOT_ONLY, FrameState.UNLABELLED)


#: Columns with one number a row, (N,) float32; NaN = unknown. Errors as in
#: `core.evaluation.metrics.FrameMetrics`; distance_mm is the true wrist's from the camera;
#: occlusion is the share of true joints before which the depth map has something at least 25 mm
#: nearer.
SCALARS = (
    "mpjpe_mm",
    "pa_mpjpe_mm",
    "mpvpe_mm",
    "pa_mpvpe_mm",
    "f5",
    "f15",
    "keypoint_error_px",
    "keypoint_error_crop_px",
    "wrist_error_mm",
    "scale_ratio",
    "distance_mm",
    "occlusion",
)

#: Columns with an array a row, float32, and its shape. A crop is centre x, centre y, height in
#: photo pixels, rotation in radians.
ARRAYS = {
    "joint_errors_mm": (JOINT_COUNT,),
    "pa_joint_errors_mm": (JOINT_COUNT,),
    "keypoint_errors_px": (JOINT_COUNT,),
    "joints_mm": (JOINT_COUNT, 3),
    "keypoints_px": (JOINT_COUNT, 2),
    "global_orient_rad": (3,),
    "hand_pose_rad": (45,),
    "betas": (BETA_COUNT,),
    "wrist_mm": (3,),
    "camera_sxy": (3,),
    "crop": (4,),
}

#: (N,) bool: whether depth was used; whether the crop was mirrored, as left hands' are.
USED_DEPTH, IS_MIRRORED = "used_depth", "is_mirrored"
#: (N,) float32: the area under the PCK curve of a frame's vertices, 0 to 50 mm (see
#: `core.evaluation.pck`); their errors themselves would be forty times as large as all the rest.
VERTEX_AUC, PA_VERTEX_AUC = "vertex_auc", "pa_vertex_auc"
#: Shape and type of every column's rows.
COLUMNS = {
    **dict.fromkeys(SCALARS, ((), np.float32)),
    **{name: (shape, np.float32) for name, shape in ARRAYS.items()},
    **dict.fromkeys((VERTEX_AUC, PA_VERTEX_AUC), ((), np.float32)),
    USED_DEPTH: ((), np.bool_),
    IS_MIRRORED: ((), np.bool_),
}
