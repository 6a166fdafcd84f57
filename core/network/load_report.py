"""What became of the tensors of a file that was loaded into a network."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class ShapeMismatch:
    """A tensor that both have, in different shapes."""

    name: str
    in_network: tuple[int, ...]
    in_file: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.name} is {self.in_file} in the file, {self.in_network} in the network"


@dataclass(frozen=True)
class LoadReport:
    """Tensors by name.

    Attributes:
        matched: In both, same shape: loaded.
        missing: The network's that the file lacks.
        unexpected: The file's that the network lacks.
        mismatched: In both, different shapes: not loaded.
        matched_share: Share of the network's numbers that were loaded, 0 to 1.
        hand_model_in_file: Hand model that the file was trained with, where it says so.
        hand_model: Hand model of the network now.
    """

    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: tuple[ShapeMismatch, ...]
    matched_share: float
    hand_model_in_file: str | None = None
    hand_model: str | None = None

    @property
    def complete(self) -> bool:
        """Whether file and network have exactly the same tensors."""
        return not (self.missing or self.unexpected or self.mismatched)

    @property
    def hand_model_differs(self) -> bool:
        """Whether the weights were trained with another hand model than they now drive."""
        return self.hand_model_in_file is not None and self.hand_model_in_file != self.hand_model

    def summary(self) -> str:
        """One line for people, with the first names of what did not match."""
        parts = [f"{len(self.matched)} tensors matched ({self.matched_share:.1%} of the weights)"]
        for what, names in (("missing", self.missing), ("unexpected", self.unexpected)):
            if names:
                parts.append(f"{len(names)} {what} ({_first(names)})")
        if self.mismatched:
            parts.append(f"{len(self.mismatched)} of another shape ({_first(self.mismatched)})")
        return "; ".join(parts)


def compare(network: Mapping[str, Tensor], file: Mapping[str, Tensor]) -> LoadReport:
    """Compare the network's tensors with a file's, by name and shape."""
    common = [name for name in network if name in file]
    mismatched = [name for name in common if network[name].shape != file[name].shape]
    matched = [name for name in common if network[name].shape == file[name].shape]
    total = sum(tensor.numel() for tensor in network.values())
    return LoadReport(
        matched=tuple(matched),
        missing=tuple(name for name in network if name not in file),
        unexpected=tuple(name for name in file if name not in network),
        mismatched=tuple(
            ShapeMismatch(name, tuple(network[name].shape), tuple(file[name].shape))
            for name in mismatched
        ),
        matched_share=sum(network[name].numel() for name in matched) / max(total, 1),
    )


def _first(items: tuple, count: int = 3) -> str:
    text = ", ".join(str(item) for item in items[:count])
    return text + (", …" if len(items) > count else "")
