"""Which evaluations of the open split are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.evaluation.identity import hand_model_digest
from core.evaluation.store import Evaluation
from core.hand.hand_model import HandModel
from utnet_viewer.compare.head_card import Option

#: As many further evaluations as there are lines that can be told apart.
MOST_FURTHER = 3


@dataclass(frozen=True)
class Choice:
    """Keys of the evaluations that are compared.

    Attributes:
        first: A, the baseline; "" for none.
        second: B; "" for none.
        further: Compared with A as well.
    """

    first: str = ""
    second: str = ""
    further: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """All of them, A first."""
        return (self.first, self.second, *self.further)

    def among(self, evaluations: Sequence[Evaluation]) -> Choice:
        """What of it is there; the newest evaluation is B, the one before it A, where nothing
        else was chosen."""
        keys = [evaluation.identity.key for evaluation in evaluations]
        first, second = (key if key in keys else "" for key in (self.first, self.second))
        second = second or next((key for key in keys if key != first), "")
        first = first or next((key for key in keys if key != second), "")
        further = [key for key in self.further if key in keys and key not in (first, second)]
        return Choice(first, second, tuple(further))

    def with_first(self, key: str) -> Choice:
        """Another A; what was it is B where B would be the same."""
        return self._with(first=key, second=self.first if key == self.second else self.second)

    def with_second(self, key: str) -> Choice:
        """Another B, likewise."""
        return self._with(first=self.second if key == self.first else self.first, second=key)

    def swapped(self) -> Choice:
        """B as the baseline."""
        return replace(self, first=self.second, second=self.first)

    def toggled(self, key: str) -> Choice:
        """One more that is compared with A, or one less."""
        if key in self.further:
            return replace(self, further=tuple(k for k in self.further if k != key))
        return replace(self, further=(*self.further, key)[-MOST_FURTHER:])

    def _with(self, *, first: str, second: str) -> Choice:
        further = tuple(key for key in self.further if key not in (first, second))
        return Choice(first, second, further)


def options_of(evaluations: Sequence[Evaluation]) -> list[Option]:
    """The evaluations in words; those of one name are told apart by the checkpoint's digest."""
    counts = Counter(evaluation.identity.checkpoint_name for evaluation in evaluations)
    options = []
    for evaluation in evaluations:
        identity = evaluation.identity
        title = identity.checkpoint_name
        if counts[title] > 1:
            title += f" · {identity.checkpoint_sha256[:6]}"
        depth = "with depth" if identity.uses_depth else "RGB alone"
        hint = (
            f"{identity.checkpoint_name}, {depth}, {identity.hand_model}\n"
            f"{evaluation.done:,} of {len(evaluation):,} frames\n{evaluation.folder}"
        )
        if not evaluation.is_complete:
            title += f" ({100 * evaluation.done // max(len(evaluation), 1)} %)"
        options.append(Option(identity.key, title, hint))
    return options


def keys_of(evaluations: Sequence[Evaluation]) -> list[str]:
    """What they are of: the same evaluation opened again is equal."""
    return [evaluation.identity.key for evaluation in evaluations]


def limits(evaluations: Sequence[Evaluation], hand_model: HandModel) -> str:
    """What makes the comparison less than it looks, in sentences; "" where nothing does.

    `hand_model` poses the stored predictions on screen.
    """
    notes = []
    for letter, evaluation in zip("ABCDE", evaluations, strict=False):
        if not evaluation.is_complete:
            done, count = evaluation.done, len(evaluation)
            notes.append(f"{letter} is not finished: {done:,} of {count:,} frames.")
    hands = {evaluation.identity.hand_model_digest for evaluation in evaluations}
    if len(hands) > 1:
        notes.append("They were measured with different hand models: surfaces are not comparable.")
    elif hands != {hand_model_digest(hand_model)}:
        name = evaluations[0].identity.hand_model
        notes.append(f"Meshes are shown with {hand_model.name}; the figures are of {name}.")
    if len({evaluation.identity.uses_depth for evaluation in evaluations}) > 1:
        notes.append("One uses depth, the other does not.")
    return " ".join(notes)
