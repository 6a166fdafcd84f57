"""What became of an original UTNet configuration, key by key."""

from dataclasses import dataclass
from typing import Any

from core.training.config_fields import Scalar


@dataclass(frozen=True)
class ImportedKey:
    """One key of the old file and what became of it.

    Attributes:
        old_key: Dotted: ``training.learning_rate``.
        old_value: As the old file has it; None where it says nothing.
        sentence: How it was converted, why it has no counterpart, or what is wrong with it.
        key: Key of ours that it led to, or "".
        value: What that key has now; for a harmful value, what is recommended instead.
    """

    old_key: str
    old_value: Any
    sentence: str
    key: str = ""
    value: Scalar = None


@dataclass(frozen=True)
class ImportReport:
    """What became of every key of an original configuration.

    Attributes:
        mapped: Taken over, some with another unit.
        without_counterpart: Left out, with the reason.
        harmful: Known to spoil a training, or impossible; the new configuration has what is
            recommended instead.
        missing: Files and folders that the old file names and that are not there; their paths are
            kept, so a training refuses to start until they are.
        unknown: Keys that the original UTNet does not have.
        preset: Where everything comes from that the old file does not say.
    """

    mapped: tuple[ImportedKey, ...]
    without_counterpart: tuple[ImportedKey, ...]
    harmful: tuple[ImportedKey, ...]
    missing: tuple[ImportedKey, ...]
    unknown: tuple[ImportedKey, ...]
    preset: str
