"""Everything that is left of an examination in a folder: its data, reports, figures."""

from pathlib import Path

from core.doctor.evidence import Table
from core.doctor.examination import Examination
from core.doctor.report.markdown import figure_file, write_markdown
from core.doctor.report.page import write_html
from core.doctor.store import write_examination
from core.doctor.words import LANGUAGES


def write_report(
    folder: Path, examination: Examination, *, language: str = "en"
) -> dict[str, list[Path]]:
    """Write the examination, and its reports as Markdown and HTML in every language.

    examination.json comes first: should a sentence fail, what was measured is kept.

    Returns:
        The figures' files in `language` by check: SVG, which shows in any browser.
    """
    write_examination(folder, examination)
    for each in LANGUAGES:
        write_html(folder, examination, each)
        write_markdown(folder, examination, each)
    return {
        finding.check: [
            folder / figure_file(finding.check, index, language)
            for index, evidence in enumerate(finding.outcome.evidence)
            if not isinstance(evidence, Table)
        ]
        for finding in examination.findings
    }
