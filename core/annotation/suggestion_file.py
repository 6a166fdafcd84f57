"""Suggestions on disk, so that they are there at once next time, and what they were made of."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.annotation.places import default_store_path
from core.annotation.suggestions import Suggestion, Told
from core.data.frame_index import FrameIndex
from core.evaluation.identity import dataset_digest, hand_model_digest
from core.evaluation.store import Evaluation
from core.files.durable import write_atomically
from core.files.names import safe_name
from core.hand.hand_model import HandModel

FORMAT = 1


class SuggestionFileError(ValueError):
    """A file of suggestions cannot be used; the text names it and says what to do."""


@dataclass(frozen=True)
class Basis:
    """What suggestions were made of; another one makes them old.

    Attributes:
        dataset_digest: Of lists and labels: `core.evaluation.identity.dataset_digest`.
        hand_model_digest: Of the hand that poses the labels' parameters.
        evaluation: Key of the evaluation that they read; "" for none.
        evaluation_done: How many of its rows were done.
    """

    dataset_digest: str
    hand_model_digest: str
    evaluation: str = ""
    evaluation_done: int = 0

    @classmethod
    def of(cls, index: FrameIndex, hand_model: HandModel, evaluation: Evaluation | None) -> Basis:
        """As all of it is now; takes some tenths of a second at 100,000 frames."""
        digests = dataset_digest(index), hand_model_digest(hand_model)
        if evaluation is None:
            return cls(*digests)
        return cls(*digests, evaluation.identity.key, evaluation.done)

    def changed_since(self, earlier: Basis) -> str:
        """What is another one now, as a few words; "" for nothing."""
        if self.dataset_digest != earlier.dataset_digest:
            return "the labels changed"
        if self.hand_model_digest != earlier.hand_model_digest:
            return "another hand model is in use"
        if self.evaluation != earlier.evaluation:
            return "another evaluation is shown" if self.evaluation else "no evaluation is shown"
        return "more is evaluated" if self.evaluation_done != earlier.evaluation_done else ""


@dataclass(frozen=True)
class Kept:
    """Suggestions, the most suspicious first, and what they were made of.

    Attributes:
        dataset, split: Of what, for people.
        count: Rows of the split.
        by: Checkpoint whose predictions were read; "" for labels alone.
    """

    dataset: str
    split: str
    count: int
    by: str
    basis: Basis
    suggestions: tuple[Suggestion, ...]


def suggestions_path(index: FrameIndex) -> Path:
    """Where the suggestions of a split lie: beside the dataset's annotations, one file a split."""
    store = default_store_path(index.root)
    return store.with_name(f"{store.stem}.{safe_name(index.split)}.suggestions.json")


def write_suggestions(path: Path, kept: Kept) -> None:
    """Write them; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"format": FORMAT, **asdict(kept)}
    write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1).encode())


def read_suggestions(path: Path) -> Kept | None:
    """Read them; None where there are none yet.

    Raises:
        SuggestionFileError: The file is damaged, or of another version.
    """
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != FORMAT:
            raise SuggestionFileError(
                f"{path} has format {content['format']}, this program reads {FORMAT}; "
                "look for suggestions again"
            )
        return Kept(
            dataset=str(content["dataset"]),
            split=str(content["split"]),
            count=int(content["count"]),
            by=str(content["by"]),
            basis=Basis(**content["basis"]),
            suggestions=tuple(map(_suggestion, content["suggestions"])),
        )
    except FileNotFoundError:
        return None
    except SuggestionFileError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SuggestionFileError(
            f"{path} cannot be read ({error!r}); delete it and look for suggestions again"
        ) from error


def _suggestion(content: dict[str, Any]) -> Suggestion:
    because = tuple(
        Told(str(one["reason"]), str(one["words"]), float(one["value"]), str(one["unit"]))
        for one in content["because"]
    )
    if not because:
        raise ValueError("a suggestion without a reason")
    return Suggestion(int(content["row"]), str(content["frame"]), float(content["score"]), because)
