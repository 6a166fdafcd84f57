"""Where the data that comes with the program lies."""

from importlib import resources
from pathlib import Path

#: What the command line takes in place of a folder for the embedded samples.
DEMO = "demo"


def default_checkpoint() -> Path:
    """The checkpoint that is used where none is named; trained on synthetic data only."""
    return resource("checkpoints") / "demo.safetensors"


def demo_dataset() -> Path:
    """The embedded samples in HO-3D's layout."""
    return resource("demo")


def dataset_folder(text: str) -> Path:
    """The folder that a person named: ``demo`` is the embedded samples."""
    return demo_dataset() if text == DEMO else Path(text)


def resource(name: str) -> Path:
    """A file or folder of `resources/`."""
    return Path(str(resources.files("resources"))) / name
