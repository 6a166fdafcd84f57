"""The figures that can be compared, in words for people."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One figure of a frame.

    Attributes:
        key: Name of its column in the store.
        name: As the field writes it.
        unit: "mm", "px" or "" for a score between 0 and 1.
        means: A sentence for the tool tip.
        higher_is_better: For scores.
    """

    key: str
    name: str
    unit: str
    means: str
    higher_is_better: bool = False

    @property
    def words(self) -> str:
        """``PA-MPJPE, mm``."""
        return f"{self.name}, {self.unit}" if self.unit else self.name


METRICS = (
    Metric("pa_mpjpe_mm", "PA-MPJPE", "mm", "Mean joint error after Procrustes alignment."),
    Metric("mpjpe_mm", "MPJPE", "mm", "Mean joint error with wrist on wrist."),
    Metric("pa_mpvpe_mm", "PA-MPVPE", "mm", "Mean vertex error after Procrustes alignment."),
    Metric("mpvpe_mm", "MPVPE", "mm", "Mean vertex error with wrist on wrist."),
    Metric("f5", "F@5", "", "F-score of the aligned surface at 5 mm.", True),
    Metric("f15", "F@15", "", "F-score of the aligned surface at 15 mm.", True),
    Metric("keypoint_error_px", "2D error", "px", "Mean 2D error in pixels of the photo."),
    Metric(
        "keypoint_error_crop_px",
        "2D in crop",
        "px",
        "Mean 2D error in pixels of the 256 × 192 crop.",
    ),
    Metric("wrist_error_mm", "Wrist", "mm", "Distance of the wrists in camera space."),
)

#: What the workspace shows first.
DEFAULT = METRICS[0]


def metric_of(key: str) -> Metric:
    """The metric of a column; raises KeyError for a column that is none."""
    for metric in METRICS:
        if metric.key == key:
            return metric
    raise KeyError(f"{key!r} is not compared; those that are: {[m.key for m in METRICS]}")
