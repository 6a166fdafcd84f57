"""In which unit a hand of a measured size is."""

#: Of a number in each unit, against millimetres; millimetres first, for they are expected.
UNITS = {"mm": 1.0, "m": 0.001, "dm": 0.01, "cm": 0.1, "µm": 1000.0}


def unit_of(extent: float, low_mm: float, high_mm: float) -> float:
    """The factor of the unit in which `extent` is a hand between the two sizes; NaN if none is.

    A hand's sizes span less than a power of ten, so at most one unit fits.
    """
    for factor in UNITS.values():
        if low_mm <= extent / factor <= high_mm:
            return factor
    return float("nan")
