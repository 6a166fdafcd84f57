"""The spread of errors under the samples list."""

import numpy as np
import pytest

from utnet_viewer.samples.columns import column_named
from utnet_viewer.samples.histogram import LEAST_COUNT, Histogram
from utnet_viewer.theme import DARK, Theme

PA = column_named("pa_mpjpe")


@pytest.fixture
def histogram(qtbot) -> Histogram:
    histogram = Histogram(Theme())
    qtbot.addWidget(histogram)
    histogram.resize(320, histogram.height())
    return histogram


def accent_columns(histogram: Histogram) -> list[int]:
    """Columns of pixels that a bar stands in."""
    image, accent = histogram.grab().toImage(), DARK.colour("accent").rgb()
    rows = range(image.height())
    return [x for x in range(image.width()) if any(image.pixel(x, y) == accent for y in rows)]


def test_it_is_hidden_until_there_is_something_to_show(histogram):
    values = np.full(100, np.nan)
    values[: LEAST_COUNT - 1] = 5.0
    histogram.show_values(PA, values, 5.0)
    assert histogram.isHidden()
    values[LEAST_COUNT] = 7.0
    histogram.show_values(PA, values, 5.0)
    assert not histogram.isHidden()


def test_bars_stand_where_the_values_are(histogram):
    histogram.show_values(PA, np.array([1.0] * 10 + [19.0] * 10 + [np.nan] * 50), float("nan"))
    columns = accent_columns(histogram)
    middle = histogram.width() // 2
    assert any(x < middle - 80 for x in columns) and any(x > middle + 80 for x in columns)
    assert not any(middle - 40 < x < middle + 40 for x in columns)
