"""Everything that ``utnet doctor --self`` looks at."""

from collections.abc import Callable, Iterator
from pathlib import Path

from core.doctor.environment.devices import examine_devices
from core.doctor.environment.examined import Examined, Health
from core.doctor.environment.hand import examine_hand_model
from core.doctor.environment.places import examine_places
from core.doctor.environment.versions import examine_versions
from core.doctor.environment.wholeness import examine_wholeness
from core.doctor.environment.window import examine_window


def examine_environment(hand_model: Path | None = None) -> Iterator[Examined]:
    """Every check, one after the other, each as soon as it is known; imports torch.

    `hand_model` is looked at in place of the one that the window's settings name.
    """
    yield from _guarded("versions", examine_versions)
    yield from _guarded("demo, checkpoint and hand", lambda: [examine_wholeness()])
    chosen = ""

    def window() -> list[Examined]:
        nonlocal chosen
        found, chosen = examine_window()
        return found

    yield from _guarded("window", window)
    path = hand_model or (Path(chosen) if chosen else None)
    yield from _guarded("hand model", lambda: [examine_hand_model(path)])
    yield from _guarded("devices", examine_devices)
    yield from _guarded("places", examine_places)


def _guarded(name: str, examine: Callable[[], list[Examined]]) -> list[Examined]:
    """A check that fails says so, and the others still run."""
    try:
        return examine()
    except Exception as error:  # in a broken installation anything may be raised
        measured = f"the check failed: {type(error).__name__}: {error}"
        return [Examined(name, measured, Health.WRONG, "install the program again")]
