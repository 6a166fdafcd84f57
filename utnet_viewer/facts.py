"""``python -m utnet_viewer.facts``: what Qt, the settings and the mesh view can do here.

`core.doctor.environment.window` starts it and judges; a crash in a driver ends this process only.
Each fact is a line of JSON as soon as it is known, the riskiest last.
"""

import json
import sys
import traceback
from collections.abc import Callable

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication, QImage, QOffscreenSurface, QOpenGLContext, QPainter
from PySide6.QtWidgets import QApplication

from utnet_viewer.crash_log import start_log
from utnet_viewer.settings import Settings
from utnet_viewer.style import load_fonts

_GL_RENDERER, _GL_VERSION = 0x1F01, 0x1F02


def platform() -> str:
    """Qt, its platform, and the screen."""
    screen = QGuiApplication.primaryScreen()
    size, scale = screen.size(), screen.devicePixelRatio()
    name = QGuiApplication.platformName()
    return f"Qt {qVersion()}, {name}, {size.width()}×{size.height()} at scale {scale:g}"


def painting() -> int:
    """How many pixels a word leaves on an empty picture; 0 where fonts are missing."""
    load_fonts()
    picture = QImage(200, 40, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.black)
    painter = QPainter(picture)
    painter.setPen(Qt.GlobalColor.white)
    painter.drawText(picture.rect(), Qt.AlignmentFlag.AlignCenter, "PA-MPJPE 9.5 mm")
    painter.end()
    return sum(picture.pixel(x, y) & 0xFFFFFF > 0 for x in range(200) for y in range(40))


def settings() -> dict[str, str]:
    """The settings' file, why it cannot be written ("" where it can), and what it remembers."""
    store = Settings()
    return {
        "path": str(store.path),
        "problem": store.write_problem(),
        "hand_model": store.text("hand_model"),
    }


def log() -> str:
    """Why there is no log file; "" where there is one."""
    return start_log()


def rays() -> float:
    """How far a ray to a plane 2.5 mm away is, in mm, by the library of the mesh view."""
    from utnet_viewer.mesh.open3d_loading import leave_out_web_pages

    leave_out_web_pages()
    import numpy as np
    import open3d.core as o3c
    from open3d.t.geometry import RaycastingScene

    corners = np.array([[-1, -1, 2.5], [1, -1, 2.5], [0, 1, 2.5]], np.float32)
    scene = RaycastingScene()
    scene.add_triangles(
        o3c.Tensor.from_numpy(corners), o3c.Tensor.from_numpy(np.array([[0, 1, 2]], np.uint32))
    )
    ray = o3c.Tensor.from_numpy(np.array([[0, 0, 0, 0, 0, 1]], np.float32))
    return float(scene.cast_rays(ray)["t_hit"].numpy()[0])


def opengl() -> str:
    """OpenGL's version and who draws; "" where there is none."""
    surface, context = QOffscreenSurface(), QOpenGLContext()
    surface.create()
    if not context.create() or not context.makeCurrent(surface):
        return ""
    functions = context.functions()
    return f"{functions.glGetString(_GL_VERSION)}, {functions.glGetString(_GL_RENDERER)}"


FACTS: tuple[Callable[[], object], ...] = (platform, painting, settings, log, rays, opengl)


def main() -> int:
    """Print every fact, or the error in its place."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("utnet-viewer")
    for find in FACTS:
        try:
            line = {"fact": find.__name__, "value": find()}
        except Exception as error:  # one missing library must not hide the other facts
            traceback.print_exc()
            line = {"fact": find.__name__, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(line), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
