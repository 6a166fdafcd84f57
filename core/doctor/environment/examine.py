"""Everything that ``utnet doctor --self`` looks at.

Each part is imported when its turn has come: what is broken may be a library that it needs.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from core.doctor.environment.examined import Examined, Health


def examine_environment(hand_model: Path | None = None) -> Iterator[Examined]:
    """Every check, one after the other, each as soon as it is known; imports torch.

    `hand_model` is looked at in place of the one that the window's settings name.
    """
    yield from _guarded("versions", _versions)
    yield from _guarded("demo, checkpoint and hand", _wholeness)
    chosen = ""

    def window() -> list[Examined]:
        nonlocal chosen
        from core.doctor.environment.window import examine_window

        found, chosen = examine_window()
        return found

    yield from _guarded("window", window)
    path = hand_model or (Path(chosen) if chosen else None)
    yield from _guarded("hand model", lambda: _hand_model(path))
    yield from _guarded("devices", _devices)
    yield from _guarded("places", _places)


def _guarded(name: str, examine: Callable[[], list[Examined]]) -> list[Examined]:
    """A check that fails says so, and the others still run."""
    try:
        return examine()
    except Exception as error:  # in a broken installation anything may be raised
        measured = f"the check failed: {type(error).__name__}: {error}"
        return [Examined(name, measured, Health.WRONG, "install the program again")]


def _versions() -> list[Examined]:
    from core.doctor.environment.versions import examine_versions

    return examine_versions()


def _wholeness() -> list[Examined]:
    from core.doctor.environment.wholeness import examine_wholeness

    return [examine_wholeness()]


def _hand_model(path: Path | None) -> list[Examined]:
    from core.doctor.environment.hand import examine_hand_model

    return [examine_hand_model(path)]


def _devices() -> list[Examined]:
    from core.doctor.environment.devices import examine_devices

    return examine_devices()


def _places() -> list[Examined]:
    from core.doctor.environment.places import examine_places

    return examine_places()
