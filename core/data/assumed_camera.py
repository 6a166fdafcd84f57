"""The camera of a picture that comes without one."""

import numpy as np

from core.geometry.camera import Camera

#: Focal length as a share of the picture's longer side: it sees 45 degrees. HO-3D's cameras have
#: 0.96 (55 degrees), telephoto lenses far more.
ASSUMED_FOCAL_SHARE = 1.2


def assumed_camera(size_px: tuple[int, int]) -> Camera:
    """A camera for a picture of (width, height): square pixels, centred.

    Distances scale with a focal length that is wrong; the hand's own shape hardly does.
    """
    width, height = size_px
    focal_px = ASSUMED_FOCAL_SHARE * max(width, height)
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    return Camera(np.array([[focal_px, 0, centre_x], [0, focal_px, centre_y], [0, 0, 1.0]]))
