"""Every sentence of an evaluation's report, in one place. English, so far."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """How a figure is called and written.

    Attributes:
        name: In the summary.
        title, unit: As people read them.
        decimals: Digits behind the point.
        meaning: What it measures, in a few words.
    """

    name: str
    title: str
    unit: str
    decimals: int
    meaning: str


QUANTITIES = (
    Quantity("pa_mpjpe_mm", "PA-MPJPE", "mm", 1, "joints, after Procrustes alignment with scale"),
    Quantity("mpjpe_mm", "MPJPE", "mm", 1, "joints, wrist on wrist"),
    Quantity("pa_mpvpe_mm", "PA-MPVPE", "mm", 1, "surface, after Procrustes alignment"),
    Quantity("mpvpe_mm", "MPVPE", "mm", 1, "surface, wrist on wrist"),
    Quantity("f5", "F@5", "", 3, "share of the surface within 5 mm, after alignment"),
    Quantity("f15", "F@15", "", 3, "share of the surface within 15 mm, after alignment"),
    Quantity("keypoint_error_px", "2D error", "px", 1, "keypoints, in pixels of the photo"),
    Quantity("keypoint_error_crop_px", "2D in the crop", "px", 1, "keypoints, in 256 × 192"),
    Quantity("wrist_error_mm", "Wrist", "mm", 1, "place of the wrist before the camera"),
    Quantity("scale_ratio", "Scale", "", 3, "predicted size over true size"),
)
#: What stands in large figures at the top.
HEADLINES = ("pa_mpjpe_mm", "mpjpe_mm", "pa_mpvpe_mm", "keypoint_error_px", "f5", "f15")

AREAS = {
    "pa_joints": "Joints, Procrustes-aligned",
    "joints": "Joints, wrist on wrist",
    "pa_vertices": "Surface, Procrustes-aligned",
    "vertices": "Surface, wrist on wrist",
}

DOCUMENT = "Evaluation of {checkpoint} on {dataset}, {split}"
TITLE = "Evaluation"
LEAD = "{checkpoint} on {dataset}, {split}: {measured:,} of {count:,} frames measured"
UNFINISHED = "Not finished: {pending:,} of {count:,} frames are still to come."
STAND_IN = (
    "The hand model is the stand-in, not MANO: no figure here speaks about HO-3D or any other "
    "benchmark."
)
MEAN_OVER = "mean of {frames:,} frames"
SPREAD_OF = ("median {median}", "95 % below {p95}")
UNKNOWN = "not known"

FIGURES = "Figures"
FIGURES_LEAD = "Means over the frames in which a figure is known; their number stands beside it."
QUANTITY, MEAN, MEDIAN, P95, FRAMES = "Quantity", "Mean", "Median", "95 % below", "Frames"
AREA = "Area under the PCK curve, 0 to 50 mm"

PCK_TITLE, PCK_SUBTITLE = "Correct joints by threshold", "share of joints nearer than this"
PCK_X = "threshold, mm"
PCK_NAMES = {"pa_joint_errors_mm": "Procrustes-aligned", "joint_errors_mm": "wrist on wrist"}
PCK_AUC = "{name}, AUC {area:.3f}"
SPREAD_TITLE, SPREAD_SUBTITLE = "PA-MPJPE of the frames", "frames in each bin"
SPREAD_X = "PA-MPJPE, mm"
SPREAD_MEDIAN, SPREAD_P95 = "median {value:.1f}", "95 % {value:.1f}"
SPREAD_ABOVE = "above {limit:.0f} mm: {count:,}, the worst at {worst:.1f} mm"

BY_JOINT = "By joint"
JOINT, PA_MM, WRIST_MM, PX = "Joint", "PA, mm", "wrist on wrist, mm", "2D, px"
BY_SEQUENCE = "By sequence"
BY_SEQUENCE_LEAD = "The worst first, by PA-MPJPE."
SEQUENCE, FAILED = "Sequence", "Failed"
MORE_SEQUENCES = "{count:,} more sequences, all better, are left out here."

WORST = "The {count} worst frames"
WORST_LEAD = (
    "By PA-MPJPE. Labels are solid with filled circles, the prediction dashed with hollow diamonds."
)
WORST_FIGURES = ("PA-MPJPE {pa:.1f} mm", "MPJPE {mpjpe:.1f} mm · 2D {px:.1f} px")
NO_PICTURE = "There is no picture: {why}"
NO_DATASET = "the dataset was not at hand when this page was made"
TRUTH, PREDICTION = "label", "prediction"

UNMEASURED = "What could not be measured"
ALL_MEASURED = "Every frame was measured in everything."
FAILURES = "Frames that could not be predicted"
MORE_FAILURES = "and {count:,} more; all of them are in problems.jsonl of the evaluation's folder"

IDENTITY = "What was evaluated"
CHECKPOINT, DATASET, SPLIT, HAND = "Checkpoint", "Dataset", "Split", "Hand model"
DEPTH, EVALUATED, MADE, COMMAND, FOLDER = "Depth", "Evaluated", "Page made", "Command", "Figures in"
USES_DEPTH, NO_DEPTH = "used where a frame has it", "not used"
CHECKPOINT_VALUE = "{name} (SHA-256 {sha256})"
DATASET_VALUE = "{name} in {root} (content {digest})"
MADE_BY = "Made by UTNet Viewer. Nothing in this page runs, and nothing is loaded from elsewhere."
