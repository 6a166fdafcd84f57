"""What a remedy would change in a configuration, before it does."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.training.config import ConfigError, TrainingConfig, with_values
from core.training.config_fields import Scalar, flat_values
from utnet_viewer.training.field_text import show_value


@dataclass(frozen=True)
class Change:
    """One key of the configuration.

    Attributes:
        key: Dotted.
        old: Its value now, as a form shows it; "" for none.
        new: As it would be.
    """

    key: str
    old: str
    new: str

    @property
    def words(self) -> str:
        """``optimisation.learning_rate: 0.03 → 3e-4``."""
        return f"{self.key}: {self.old or 'empty'} → {self.new or 'empty'}"


@dataclass(frozen=True)
class Proposal:
    """A remedy as it would be applied.

    Attributes:
        changes: Key by key; keys that have their value already are left out.
        config: The configuration afterwards; None where it cannot be applied.
        problem: Why it cannot be.
    """

    changes: tuple[Change, ...] = ()
    config: TrainingConfig | None = None
    problem: str = ""


def propose(config: TrainingConfig, wanted: Mapping[str, object]) -> Proposal:
    """What `wanted` (dotted keys to values) would change."""
    values = flat_values(config)
    unknown = [key for key in wanted if key not in values]
    if unknown:
        return Proposal(problem=f"the configuration has no key {unknown[0]}")
    typed = {key: _typed(value, values[key]) for key, value in wanted.items()}
    changes = tuple(
        Change(key, show_value(values[key]), _text(value))
        for key, value in typed.items()
        if value != values[key]
    )
    try:
        return Proposal(changes, with_values(config, typed, source="the remedy"))
    except ConfigError as error:
        return Proposal(changes, problem=str(error))


def _typed(value: object, now: Scalar) -> object:
    """JSON knows one kind of number; a key that takes a fraction wants one."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if is_whole and isinstance(now, float) else value


def _text(value: object) -> str:
    is_scalar = value is None or isinstance(value, bool | int | float | str)
    return show_value(value) if is_scalar else str(value)
