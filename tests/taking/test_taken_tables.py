"""Tables as CSV: what a program reads back is what stands on screen, in its order."""

import csv
import io

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QTableView, QWidget
from support_samples import RowsOnly, stand_in_hand

from utnet_viewer.document import Document
from utnet_viewer.samples.catalogue import Catalogue
from utnet_viewer.samples.panel import SamplesPanel
from utnet_viewer.taking.tables import csv_bytes, table_of
from utnet_viewer.theme import DARK, Theme
from utnet_viewer.widgets.panel import Panel


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))


def test_numbers_keep_their_digits_and_unknown_ones_are_empty():
    columns = [np.array([1.25, np.nan]).tolist(), ["a,b", 'say "x"'], [None, 3]]
    content = csv_bytes(("error_mm", "name", "count"), columns)
    assert read(content) == [
        ["error_mm", "name", "count"],
        ["1.25", "a,b", ""],
        ["", 'say "x"', "3"],
    ]


@pytest.mark.parametrize("name", ["=1+1", "@SUM(A1)", "+cmd|x", "-2+3"])
def test_a_name_that_a_spreadsheet_would_run_stays_a_text(name):
    ((_,), (written,)) = read(csv_bytes(("name",), [[name]]))
    assert written == "'" + name


def test_a_negative_number_is_no_formula():
    assert read(csv_bytes(("x",), [["-2.5"]]))[1] == ["-2.5"]


def test_a_long_table_is_written_whole():
    figures = np.random.default_rng(0).normal(0, 30, 1234).astype(np.float32)
    figures[7] = np.nan
    names = [f"row {row}" for row in range(len(figures))]
    _, *rows = read(csv_bytes(("name", "error_mm"), [names, figures]))
    assert [row[0] for row in rows] == names
    written = [float(row[1] or "nan") for row in rows]
    assert written == pytest.approx(figures.tolist(), rel=1e-6, nan_ok=True)
    assert rows[7][1] == ""


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError):
        csv_bytes(("a", "b"), [[1], [1, 2]])


def test_a_table_view_gives_what_it_shows_and_the_digits_it_knows(qtbot):
    model = QStandardItemModel(3, 4)
    model.setHorizontalHeaderLabels(["sequence", "PA mm", "", "secret"])
    for row, error_mm in enumerate((12.25, 3.5, 7.125)):
        model.setItem(row, 0, QStandardItem(f"MC{row}"))
        item = QStandardItem()
        item.setData(error_mm, Qt.ItemDataRole.EditRole)
        model.setItem(row, 1, item)
    view = QTableView()
    view.setModel(model)
    view.hideColumn(3)
    view.setSortingEnabled(True)
    view.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    panel = Panel("Errors", Theme(DARK))
    panel.set_body(view)
    qtbot.addWidget(panel)
    panel.show()
    table = table_of(panel)
    content = csv_bytes(table.heads, table.columns())
    assert read(content) == [
        ["sequence", "PA mm"],
        ["MC0", "12.25"],
        ["MC2", "7.125"],
        ["MC1", "3.5"],
    ]


def test_a_panel_without_a_table_has_none(qtbot):
    panel = Panel("Photo", Theme(DARK))
    panel.set_body(QWidget())
    qtbot.addWidget(panel)
    assert table_of(panel) is None


def test_the_samples_list_as_it_is_filtered_and_sorted(qtbot):
    frames = np.array([f"{number:04d}" for number in range(30)])
    catalogue = Catalogue.of_names(np.array(["MC1"] * 15 + ["MC2"] * 15), frames)
    errors_mm = np.random.default_rng(0).uniform(3, 30, 30).astype(np.float32)
    for row, error_mm in enumerate(errors_mm):
        catalogue.score(row, {"pa_mpjpe_mm": error_mm})
    catalogue.problems[20] = "MC2/0020: the picture is missing"
    document = Document(stand_in_hand())
    document.set_index(RowsOnly(30))
    panel = SamplesPanel(document, Theme(DARK))
    qtbot.addWidget(panel)
    panel.set_catalogue(catalogue)
    panel.use_filter("seq:MC2")
    panel.sort_by("pa_mpjpe")
    table = table_of(panel)
    heads, *rows = read(csv_bytes(table.heads, table.columns()))
    assert heads == ["sequence", "frame", "pa_mpjpe_mm", "state", "problem"]
    order = 15 + np.argsort(-errors_mm[15:])
    assert [row[0] for row in rows] == ["MC2"] * 15
    assert [row[1] for row in rows] == frames[order].tolist()
    assert [float(row[2]) for row in rows] == pytest.approx(errors_mm[order].tolist(), rel=1e-6)
    assert [row[4] for row in rows if row[1] == "0020"] == ["MC2/0020: the picture is missing"]
