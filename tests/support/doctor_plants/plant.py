"""A fault that is put into a healthy pipeline on purpose, and what it should be called."""

from collections.abc import Callable
from dataclasses import dataclass

from core.doctor.subject import Subject


@dataclass(frozen=True)
class Plant:
    """A planted fault.

    Attributes:
        id: Of the plant; several plants may have one cause.
        cause: The name that must come first.
        apply: (healthy subject, seed) to the faulty one.
        accept: Other causes that are as true a name for it.
        needs_network: Whether the examination must go beyond the data.
    """

    id: str
    cause: str
    apply: Callable[[Subject, int], Subject]
    accept: frozenset[str] = frozenset()
    needs_network: bool = False
