"""What the samples panel says of how many rows there are."""

from utnet_viewer.samples.catalogue import Catalogue


def count_words(catalogue: Catalogue | None, shown: int, *, strong: str) -> str:
    """How many rows pass, of how many, and how far the evaluation is; `strong` is a style."""
    total = 0 if catalogue is None else len(catalogue)
    words = f'<span style="{strong}">{shown:,}</span> of {total:,}'
    if total and catalogue.evaluation is not None:
        # Rounded down: 100 % is all of them.
        words += f" · evaluated {catalogue.done * 100 // total} %"
    return words


def problem_words(catalogue: Catalogue | None) -> str:
    """How many rows cannot be read, and how many notes there are; "" where all is well."""
    if catalogue is None:
        return ""
    bad, notes = len(catalogue.problems), len(catalogue.notes)
    words = [f"{bad:,} unreadable"] if bad else []
    words += [f"{notes:,} {'note' if notes == 1 else 'notes'}"] if notes else []
    return " · ".join(words)
