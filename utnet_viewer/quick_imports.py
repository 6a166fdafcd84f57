"""Imports that PySide does not slow down."""

from shibokensupport import feature


def skip_feature_search() -> None:
    """Call once, as early as can be.

    PySide reads the source of every module that is imported after it and looks for its own name in
    it, to know where the switches of ``from __feature__ import …`` count. Nothing here uses those,
    and of the libraries that follow (numpy, OpenCV, Open3D, pyqtgraph: 500 modules) none does: that
    was 0.1 s of the window's start, and all their sources kept in memory.
    """
    feature._mod_uses_pyside = lambda module: False
