"""The layers over the picture: each has a name, a key, an icon and a way to be painted."""

from dataclasses import dataclass

TRUTH, PREDICTION, LINKS, NAMES = "truth", "prediction", "links", "names"
HAND_BOX, OBJECT_BOX, OUTLINE, CROP_BOX = "hand_box", "object_box", "outline", "crop_box"


@dataclass(frozen=True)
class Layer:
    """One layer: `text` stands in menus and tool tips, `key` toggles it, `is_on` at first."""

    name: str
    text: str
    key: str
    icon: str
    is_on: bool


LAYERS = (
    Layer(TRUTH, "Ground truth", "G", "layer-truth", True),
    Layer(PREDICTION, "Prediction", "P", "layer-prediction", True),
    Layer(LINKS, "Error lines", "E", "line-segment", True),
    Layer(NAMES, "Joint names", "J", "tag", False),
    Layer(HAND_BOX, "Hand box", "H", "bounding-box", False),
    Layer(OBJECT_BOX, "Object corners", "O", "cube", False),
    Layer(OUTLINE, "Mesh outline", "M", "polygon", False),
    Layer(CROP_BOX, "Crop rectangle", "C", "crop", True),
)
