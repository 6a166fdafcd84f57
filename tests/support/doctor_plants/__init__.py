"""Faults to plant."""

from functools import cache

from doctor_plants.data_plants import PLANTS as DATA
from doctor_plants.network_plants import PLANTS as NETWORK
from doctor_plants.plant import Plant
from doctor_plants.training_plants import PLANTS as TRAINING


@cache
def all_plants() -> tuple[Plant, ...]:
    """Every plant, upstream first; raises ValueError where an id comes twice."""
    plants = (*DATA, *NETWORK, *TRAINING)
    if len({plant.id for plant in plants}) != len(plants):
        raise ValueError("two plants have one id")
    return plants
