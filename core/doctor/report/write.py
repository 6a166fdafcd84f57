"""All reports of an examination at once."""

from pathlib import Path

from core.doctor.examination import Examination
from core.doctor.report.markdown import write_markdown
from core.doctor.report.page import write_html
from core.doctor.words import LANGUAGES


def write_reports(folder: Path, examination: Examination) -> tuple[Path, ...]:
    """Markdown and HTML in every language into `folder`, made where it is missing.

    Returns the paths: report.en.html, report.en.md, report.zh.html, report.zh.md.
    """
    return tuple(
        write(folder, examination, language)
        for language in LANGUAGES
        for write in (write_html, write_markdown)
    )
