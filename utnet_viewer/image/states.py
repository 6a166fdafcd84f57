"""What the canvas says when there is no picture, and what it notes when parts are missing."""

from dataclasses import dataclass

from utnet_viewer.document import Document, Sample


@dataclass(frozen=True)
class Message:
    """A state without a picture: an icon, what is the matter, and what to do or know."""

    icon: str
    title: str
    detail: str = ""
    is_fault: bool = False


@dataclass(frozen=True)
class Note:
    """A tag over the picture: what is missing, in short, and the whole story for the tool tip."""

    text: str
    details: str
    kind: str = "warning"


def message_for(document: Document, sample: Sample | None) -> Message | None:
    """What to say instead of a picture; None where there is one."""
    if sample is not None and sample.frame is not None:
        return None
    if sample is not None and sample.problem:
        return Message("image-broken", "This frame cannot be shown", sample.problem, is_fault=True)
    if document.index is None:
        return Message(
            "folder-open",
            "No dataset is open",
            "Open a dataset or a folder of pictures with Ctrl+O, or drop one on the window.",
        )
    if len(document.index) == 0:
        return Message("image", "This split is empty", "Choose another split or dataset.")
    if document.row < 0:
        return Message("image", "No sample is selected", "Choose one in the list on the left.")
    return Message(
        "circle-notch", "Loading…", f"Row {document.row + 1:,} of {len(document.index):,}"
    )


def notes_for(document: Document, sample: Sample) -> list[Note]:
    """Tags for a sample that has a frame."""
    notes = []
    if sample.frame.camera_is_assumed:
        notes.append(_assumed_focal(sample))
    if sample.frame.problems:
        notes.append(Note(_missing_parts(sample), "\n".join(sample.frame.problems)))
    if sample.problem:
        notes.append(Note("no prediction", sample.problem))
    elif sample.prediction is None:
        notes.append(_awaiting(document))
    return notes


def _assumed_focal(sample: Sample) -> Note:
    focal_px = sample.frame.camera.focal_px[0]
    details = (
        "Nothing says what the camera was. Distances to it scale with this guess; lay an "
        "intrinsics.json with fx, fy, cx and cy in pixels beside the pictures to replace it."
    )
    return Note(f"assumed focal length: {focal_px:.0f} px", details, kind="info")


def _missing_parts(sample: Sample) -> str:
    frame = sample.frame
    parts = {"depth": frame.depth_mm, "hand label": frame.hand, "object label": frame.object}
    missing = [name for name, part in parts.items() if part is None]
    if missing:
        return "missing: " + ", ".join(missing)
    count = len(frame.problems)
    return "1 problem" if count == 1 else f"{count} problems"


def _awaiting(document: Document) -> Note:
    """Why there is no prediction yet, as far as the engine's state tells."""
    engine = document.engine
    texts = {
        "off": ("no engine", "warning"),
        "dead": ("engine stopped", "warning"),
        "starting": ("engine starting", "plain"),
    }
    text, kind = texts.get(engine.phase, ("awaiting prediction", "plain"))
    return Note(text, engine.note or text, kind)
