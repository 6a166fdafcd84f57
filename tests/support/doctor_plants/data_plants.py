"""Faults of the data, put into a pipeline where real ones have them: samples and views alike."""

from doctor_plants.augmentation_plants import AUGMENTATION_PLANTS
from doctor_plants.camera_plants import CAMERA_PLANTS
from doctor_plants.hand_plants import HAND_PLANTS
from doctor_plants.label_plants import LABEL_PLANTS
from doctor_plants.pixel_plants import PIXEL_PLANTS
from doctor_plants.plant import Plant

PLANTS: tuple[Plant, ...] = (
    *PIXEL_PLANTS,
    *LABEL_PLANTS,
    *HAND_PLANTS,
    *CAMERA_PLANTS,
    *AUGMENTATION_PLANTS,
)
