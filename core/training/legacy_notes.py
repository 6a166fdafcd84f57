"""The old configuration while it is read, and what is noted about each of its keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from core.training.config import ConfigError, TrainingConfig, with_values
from core.training.config_errors import shown
from core.training.config_fields import Scalar, flat_values
from core.training.legacy_report import ImportedKey, ImportReport


@dataclass(frozen=True)
class DatasetFacts:
    """What the lists of the old data set say, as far as it is there.

    Attributes:
        root: Its folder, absolute, or None where the old file names none.
        frames: Frames of the training list, or None where it cannot be read.
        sequences: Sequences of the training list, or None.
        has_evaluation_labels: Whether the released joints of the evaluation split are there.
    """

    root: Path | None
    frames: int | None = None
    sequences: int | None = None
    has_evaluation_labels: bool = False

    @classmethod
    def of(cls, root: Path | None) -> "DatasetFacts":
        """Look at a data set's lists, not at its frames."""
        if root is None or not (root / "train.txt").is_file():
            return cls(root)
        try:
            text = (root / "train.txt").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return cls(root)  # opening the data set for training says why
        names = [line.strip() for line in text.splitlines() if line.strip()]
        return cls(
            root,
            frames=len(names),
            sequences=len({name.partition("/")[0] for name in names}),
            has_evaluation_labels=(root / "evaluation_xyz.json").is_file(),
        )


class Notes:
    """Gives out the old values, and collects the new ones with a sentence about each."""

    def __init__(self, old: Mapping[str, Any], old_path: Path, base: TrainingConfig) -> None:
        """`old` is flat: dotted key to value. `base` gives what is recommended."""
        self.base = flat_values(base)
        self.values: dict[str, Scalar] = {}
        self._base_config = base
        self._old = old
        self._folder = old_path.parent
        self._noted: dict[str, list[ImportedKey]] = {
            name: [] for name in ("mapped", "without_counterpart", "harmful", "missing")
        }

    def old(self, old_key: str) -> Any:
        """The old value, or None."""
        return self._old.get(old_key)

    def number(self, old_key: str) -> float | None:
        """The old value if it is a number; what else it is, is noted as impossible."""
        value = self._old.get(old_key)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        self.refuse(old_key, f"must be a number, but is {shown(value)}")
        return None

    def truth(self, old_key: str, default: bool) -> bool:
        """The old value as true or false, also as yes and no, which YAML 1.1 took for them."""
        value = self._old.get(old_key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        words = {"yes": True, "on": True, "1": True, "no": False, "off": False, "0": False}
        if str(value).lower() in words:
            return words[str(value).lower()]
        self.refuse(old_key, f"must be true or false, but is {shown(value)}")
        return default

    def path(self, old_key: str) -> Path | None:
        """The old value as an absolute path; a relative one lies beside the old file or here."""
        value = self._old.get(old_key)
        if not isinstance(value, str) or not value.strip():
            return None
        path = Path(value).expanduser()
        places = [self._folder / path, Path.cwd() / path]
        return next((place for place in places if place.exists()), places[0]).absolute()

    def take(self, old_key: str, key: str, value: Scalar, sentence: str = "") -> None:
        """Set `key`; a value that it cannot have is noted as impossible instead."""
        try:
            with_values(self._base_config, {**self.values, key: value}, source="")
        except ConfigError as error:
            problems = "; ".join(problem.message for problem in error.problems)
            self.refuse(old_key, f"{key} {problems}", key, self.base[key])
            return
        self.values[key] = value
        self._note("mapped", old_key, sentence, key, value)

    def leave(self, old_key: str, sentence: str) -> None:
        """Note a key that has no counterpart, if it is there and nothing was said of it yet."""
        if old_key in self._old and not self._is_noted(old_key):
            self._note("without_counterpart", old_key, sentence)

    def refuse(self, old_key: str, sentence: str, key: str = "", value: Scalar = None) -> None:
        """Note a harmful value, and set `key` to what is recommended."""
        if key:
            self.values[key] = value
        if any(item.old_key == old_key and item.key == key for item in self._noted["harmful"]):
            return  # said already: a value that several rules look at
        self._note("harmful", old_key, sentence, key, value)

    def miss(self, old_key: str, sentence: str, key: str) -> None:
        """Note a file that is not there; `key` names it nevertheless."""
        self._note("missing", old_key, sentence, key, self.values[key])

    def report(self, preset: str, known: frozenset[str]) -> ImportReport:
        """Everything that was noted; keys that are not `known` are unknown."""
        unknown = [
            ImportedKey(key, value, _unknown(key, known))
            for key, value in self._old.items()
            if key not in known
        ]
        for key in sorted(known & self._old.keys()):
            self.leave(key, f"is empty, so the value of {preset} counts")
        noted = {name: tuple(items) for name, items in self._noted.items()}
        return ImportReport(unknown=tuple(unknown), preset=preset, **noted)

    def _is_noted(self, old_key: str) -> bool:
        return any(item.old_key == old_key for items in self._noted.values() for item in items)

    def _note(
        self, where: str, old_key: str, sentence: str, key: str = "", value: Scalar = None
    ) -> None:
        item = ImportedKey(old_key, self._old.get(old_key), sentence, key, value)
        self._noted[where].append(item)


def _unknown(key: str, known: frozenset[str]) -> str:
    close = get_close_matches(key, known, n=1, cutoff=0.75)
    guess = f"; did you mean {close[0]}?" if close else ""
    return f"is no key of the original UTNet, so it was not taken over{guess}"
