"""What is to be rendered, as ``utnet render`` hands it to the process that has the painters.

Options are read once, by the command; the other side gets this and asks nothing.
"""

import json
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, kw_only=True)
class RenderOrder:
    """One picture, or one film of a sequence.

    Attributes:
        dataset: Folder of the dataset.
        split: Of it; "" is the first there is.
        without_list: Take all pictures where HO-3D's list file is missing.
        sequence: Its name.
        frame: Name of the frame; "" makes a film of the whole sequence.
        checkpoint: File of the network.
        hand_model: File of the hand model; "" is the embedded stand-in.
        device: Where the network runs, where no evaluation has the predictions.
        store: Folder with evaluations to take predictions from.
        out: The file to write; its suffix says what it becomes.
        view: "image", "mesh" or "both".
        layers: Names of the layers over the photo; None as at the window's first start.
        mesh_layers: The same of the mesh view.
        alignment: How the prediction is moved onto the truth in the mesh view.
        fit: "whole" photo, or the "hand".
        width, height: Size in points; 0 is the usual one.
        pixels: Pixels a point.
        theme: "light" or "dark".
        fps: Frames a second of a film; 0 is the sequence's own.
    """

    dataset: str
    split: str = ""
    without_list: bool = False
    sequence: str
    frame: str = ""
    checkpoint: str
    hand_model: str = ""
    device: str = "auto"
    store: str
    out: str
    view: str = "image"
    layers: tuple[str, ...] | None = None
    mesh_layers: tuple[str, ...] | None = None
    alignment: str = "procrustes"
    fit: str = "whole"
    width: int = 0
    height: int = 0
    pixels: float = 1.0
    theme: str = "dark"
    fps: float = 0.0

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "RenderOrder":
        """Read what `to_json` wrote; raises ValueError for anything else."""
        values = json.loads(text)
        if not isinstance(values, dict) or set(values) - {field.name for field in fields(cls)}:
            raise ValueError(f"not an order to render: {text[:200]}")
        for name in ("layers", "mesh_layers"):
            if values.get(name) is not None:
                values[name] = tuple(values[name])
        return cls(**values)
