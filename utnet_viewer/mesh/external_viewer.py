"""Shows a scene in Open3D's own viewer: ``python -m utnet_viewer.mesh.external_viewer FILE``.

It needs a screen and OpenGL, so that it runs in a process of its own: where it cannot start, or
falls, the window goes on and says so.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PySide6.QtCore import QObject, QProcess, Signal

from utnet_viewer.mesh.scene import MeshScene
from utnet_viewer.mesh.shading import CLAY, error_colours, rgb

GHOST = "#8FA3C8"
TITLE = "UTNet Viewer: prediction, and ground truth in blue"


@dataclass(frozen=True)
class ViewerMesh:
    """One mesh for the viewer: (V, 3) in mm, (F, 3), and colours (V, 3) in [0, 1]."""

    vertices_mm: np.ndarray
    faces: np.ndarray
    colours: np.ndarray


def save_scene(path: Path, scene: MeshScene, faces: np.ndarray) -> None:
    """Write a scene's hands as plain arrays, for `load_meshes`."""
    arrays: dict[str, np.ndarray] = {"faces": faces}
    if scene.prediction is not None:
        arrays["prediction_mm"] = scene.prediction.vertices_mm
        if scene.vertex_errors_mm is not None:
            arrays["prediction_colours"] = error_colours(scene.vertex_errors_mm)
    if scene.truth is not None:
        arrays["truth_mm"] = scene.truth.vertices_mm
    np.savez(path, **arrays)


def load_meshes(path: Path) -> list[ViewerMesh]:
    """Read what `save_scene` wrote. Raises OSError or ValueError naming the file."""
    meshes = []
    try:
        with np.load(path, allow_pickle=False) as arrays:
            for name, colour in (("prediction", CLAY), ("truth", GHOST)):
                if f"{name}_mm" not in arrays:
                    continue
                vertices_mm = arrays[f"{name}_mm"]
                colours = np.tile(rgb(colour), (len(vertices_mm), 1))
                if f"{name}_colours" in arrays:
                    colours = arrays[f"{name}_colours"]
                meshes.append(ViewerMesh(vertices_mm, arrays["faces"], colours))
    except (ValueError, KeyError) as problem:
        raise ValueError(f"{path} holds no scene: {problem}") from problem
    return meshes


def main(arguments: list[str]) -> int:
    """Show the file; 1 and a reason on standard error where that is impossible."""
    if len(arguments) != 1:
        print("usage: python -m utnet_viewer.mesh.external_viewer FILE", file=sys.stderr)
        return 2
    try:
        meshes = load_meshes(Path(arguments[0]))
    except (OSError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    if not _has_screen():
        # Open3D would draw into a window that nobody can see or close.
        print("there is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set).", file=sys.stderr)
        return 1
    import open3d

    window = open3d.visualization.Visualizer()
    if not window.create_window(TITLE, width=1100, height=800):
        print("Open3D cannot open a window: it needs a screen with OpenGL.", file=sys.stderr)
        return 1
    for mesh in meshes:
        shape = open3d.geometry.TriangleMesh(
            open3d.utility.Vector3dVector(mesh.vertices_mm * [1.0, -1.0, -1.0]),  # its y is up
            open3d.utility.Vector3iVector(mesh.faces),
        )
        shape.vertex_colors = open3d.utility.Vector3dVector(mesh.colours.astype(float))
        shape.compute_vertex_normals()
        window.add_geometry(shape)
    window.run()
    window.destroy_window()
    return 0


def _has_screen() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


class ExternalViewer(QObject):
    """Starts the viewer; `failed` says why there is none."""

    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder: TemporaryDirectory | None = None
        self._process = QProcess(self)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)

    def open(self, scene: MeshScene, faces: np.ndarray) -> None:
        """Show a scene, in place of the one shown before."""
        self.close()
        self._folder = TemporaryDirectory(prefix="utnet-viewer-")
        path = Path(self._folder.name) / "scene.npz"
        save_scene(path, scene, faces)
        self._process.start(sys.executable, ["-m", "utnet_viewer.mesh.external_viewer", str(path)])

    def close(self) -> None:
        """End the viewer, if it runs."""
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.blockSignals(True)
            self._process.kill()
            self._process.waitForFinished(3000)
            self._process.blockSignals(False)
        self._tidy()

    def _tidy(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        said = bytes(self._process.readAllStandardError().data()).decode(errors="replace").strip()
        self._tidy()
        if code != 0 or status is not QProcess.ExitStatus.NormalExit:
            reason = said.splitlines()[-1] if said else f"it ended with status {code}"
            self.failed.emit(f"Open3D's viewer did not open: {reason}")

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._tidy()
            self.failed.emit(f"Open3D's viewer did not start: {self._process.errorString()}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
