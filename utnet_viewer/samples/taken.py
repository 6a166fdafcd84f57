"""The samples list as a table to take along: every figure that is known, as filtered and sorted."""

import numpy as np

from core.evaluation.columns import FrameState
from core.evaluation.frame_filter_columns import COLUMNS, FIGURES, JOINTS
from utnet_viewer.samples.row_marks import REVIEWS, RowMarks
from utnet_viewer.samples.table_model import SamplesModel
from utnet_viewer.taking.tables import Table


def samples_table(model: SamplesModel) -> Table | None:
    """Names, state, problem and figures of the rows on screen; None where no list is open.

    Figures are in it whether or not their columns are shown; those of which nothing is known are
    not, nor is what people say of frames where nobody said anything. Heads are the store's names:
    ``pa_mpjpe_mm``, ``joint.thumb_tip_mm``.
    """
    catalogue = model.catalogue
    if catalogue is None:
        return None
    names = [column.name for column in (*FIGURES, *JOINTS) if catalogue.has_figures(column.name)]
    names = [name for name in names if not np.isnan(catalogue.figures(name)).all()]
    marks = catalogue.marks
    said = () if marks is None else ("review", "flags", "note")
    heads = ("sequence", "frame", *map(_head, names), "state", "problem", *said)

    def columns() -> list[object]:
        rows = model.rows
        sequences = np.array(catalogue.sequence_names, np.str_)[catalogue.sequence_codes[rows]]
        figures = [catalogue.figures(name)[rows] for name in names]
        states = np.array([state.name.lower() for state in FrameState])[catalogue.state[rows]]
        problems = [catalogue.problem(row) for row in rows.tolist()]
        told = [] if marks is None else _told(marks, rows.tolist())
        return [sequences, catalogue.frames[rows], *figures, states, problems, *told]

    return Table("Samples", heads, columns)


def _told(marks: RowMarks, rows: list[int]) -> list[list[str]]:
    """Reviews, flags and notes."""
    reviews = [REVIEWS[code] for code in marks.review[rows].tolist()]
    return [reviews, [" ".join(marks.flags_of(r)) for r in rows], [marks.note(r) for r in rows]]


def _head(name: str) -> str:
    column = COLUMNS[name]
    if column.joint < 0:
        return column.stored
    return f"{name}_{column.unit}"
