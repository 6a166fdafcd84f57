"""``utnet render``: what the window would show of a frame or a sequence, as a file, without it.

The painters belong to the window (`utnet_viewer`), which this package must not import. So the
command reads its options, starts ``python -m utnet_viewer.taking`` as a process of its own without
a screen, hands it a `RenderOrder`, and passes on its progress and its errors. The file is written
beside its place under another name and moved there when it is whole: whatever happens, there is
no half of one.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.cli.options import add_dataset, add_network, checkpoint_of
from core.cli.progress import ProgressLine
from core.cli.render_order import RenderOrder
from core.files.embedded import dataset_folder

NAME = "render"
HELP = "render a frame as PNG or SVG, or a sequence as MP4, as the window shows it"

PICTURES, FILMS = (".png", ".svg"), (".mp4", ".webm")
_SUFFIXES = ", ".join((*PICTURES, *FILMS))
_PATIENCE_S = 3.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_dataset(parser)
    parser.add_argument(
        "what", metavar="SEQ/ID|SEQ", help="a frame for a picture, or a sequence for a film"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help=f"its suffix decides: {_SUFFIXES}"
    )
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")
    parser.add_argument(
        "--view", choices=("image", "mesh", "both"), help="default: image; of a film, both"
    )
    parser.add_argument(
        "--layers", metavar="A,B", help="over the photo: truth,prediction,links,names,outline,…"
    )
    parser.add_argument(
        "--mesh-layers", metavar="A,B", help="of the mesh view: mesh,ghost,errors,skeleton,…"
    )
    parser.add_argument(
        "--alignment", choices=("camera", "root", "procrustes"), default="procrustes"
    )
    parser.add_argument("--fit", choices=("whole", "hand"), default="whole", help="of the photo")
    parser.add_argument("--size", metavar="WxH", default="", help="in points, such as 1280x720")
    parser.add_argument(
        "--scale", type=float, choices=(1, 2, 4), default=1, help="pixels a point (default: 1)"
    )
    parser.add_argument("--theme", choices=("light", "dark"), default="dark")
    parser.add_argument("--fps", type=float, default=0, help="of a film; default: the sequence's")
    add_network(parser)
    parser.add_argument(
        "--store", type=Path, help="folder of evaluations that may have the predictions already"
    )
    parser.add_argument(
        "--progress", action="store_true", help="print what happens, one JSON object a line"
    )


def run(arguments: argparse.Namespace) -> int:
    """Render; raises ValueError or OSError with what is wrong."""
    out: Path = arguments.out
    order = _order(arguments)
    if out.exists() and not arguments.force:
        raise ValueError(f"{out} exists already; replace it with --force")
    with _ending_on_sigterm(), _file_beside(out) as part:
        if arguments.progress:
            print(json.dumps({"event": "writing", "part": str(part)}), flush=True)
        _render(RenderOrder(**{**vars(order), "out": str(part)}), arguments)
        os.replace(part, out)
    if arguments.progress:
        print(json.dumps({"event": "finished", "file": str(out)}), flush=True)
    else:
        print(out)
    return 0


def _order(arguments: argparse.Namespace) -> RenderOrder:
    from core.data.frame import FrameId
    from core.evaluation.store import evaluations_root

    suffix = arguments.out.suffix.lower()
    if suffix not in PICTURES + FILMS:
        raise ValueError(f"{arguments.out}: the suffix must be one of {_SUFFIXES}")
    is_film = suffix in FILMS
    sequence, frame = arguments.what.rstrip("/"), ""
    if not is_film:
        frame_id = FrameId.parse(arguments.what)
        sequence, frame = frame_id.sequence, frame_id.frame
    width, height = _size(arguments.size)
    if not 0 <= arguments.fps <= 240:
        raise ValueError(f"--fps {arguments.fps:g}: from 1 to 240 frames a second")
    return RenderOrder(
        dataset=str(dataset_folder(arguments.dataset)),
        split=arguments.split or "",
        without_list=arguments.without_list,
        sequence=sequence,
        frame=frame,
        checkpoint=str(checkpoint_of(arguments)),
        hand_model=str(arguments.hand_model or ""),
        device=arguments.device,
        store=str(arguments.store or evaluations_root()),
        out=str(arguments.out),
        view=arguments.view or ("both" if is_film else "image"),
        layers=_names(arguments.layers),
        mesh_layers=_names(arguments.mesh_layers),
        alignment=arguments.alignment,
        fit=arguments.fit,
        width=width,
        height=height,
        pixels=arguments.scale,
        theme=arguments.theme,
        fps=arguments.fps,
    )


def _names(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    return tuple(part.strip().replace("-", "_") for part in text.split(",") if part.strip())


def _size(text: str) -> tuple[int, int]:
    if not text:
        return 0, 0
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise ValueError(f"--size {text!r} is not a size such as 1280x720")
    if not (160 <= int(width) <= 8192 and 120 <= int(height) <= 8192):
        raise ValueError(f"--size {text}: from 160x120 to 8192x8192 points")
    return int(width), int(height)


@contextlib.contextmanager
def _file_beside(out: Path) -> Iterator[Path]:
    """An empty file in the same folder, gone at the end if it was not moved away."""
    try:
        descriptor, name = tempfile.mkstemp(
            prefix=f".{out.stem}.", suffix=f".part{out.suffix.lower()}", dir=out.parent
        )
    except OSError as error:
        raise ValueError(
            f"{out} cannot be written ({error.strerror}); choose another folder"
        ) from error
    os.close(descriptor)
    os.chmod(name, 0o644)
    try:
        yield Path(name)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


@contextlib.contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """SIGTERM ends the command as an error does: what it began is tidied up."""

    def end(*_: object) -> None:
        raise SystemExit(143)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _render(order: RenderOrder, arguments: argparse.Namespace) -> None:
    """Run the process that paints, and wait for it; it never outlives this one."""
    import core

    root = str(Path(core.__file__).resolve().parents[1])
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": root}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "utnet_viewer.taking"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment,
    )
    try:
        process.stdin.write(order.to_json() + "\n")
        process.stdin.flush()  # it stays open: when it closes, the other side ends
        why = _follow(process, arguments)
        status = process.wait()
    except BrokenPipeError:
        why, status = "", process.wait()
    finally:
        _end(process)
    if why or status:
        raise ValueError(why or f"rendering ended with status {status}; the reason stands above")


def _follow(process: subprocess.Popen, arguments: argparse.Namespace) -> str:
    """Pass on what the process says; returns why it failed, "" where it did not."""
    line, why = ProgressLine("frames"), ""
    for text in process.stdout:
        said: dict[str, Any] = json.loads(text)
        if said["event"] == "failed":
            why = said["why"]
        elif arguments.progress:
            print(text, end="", flush=True)
        elif said["event"] == "note":
            print(f"utnet render: {said['text']}", file=sys.stderr)
        elif said["event"] == "progress":
            line(said["done"], said["total"])
            if said["done"] == said["total"]:
                line.end()
    return why


def _end(process: subprocess.Popen) -> None:
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    process.stdout.close()
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
