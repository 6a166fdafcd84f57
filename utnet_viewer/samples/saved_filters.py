"""Filters with a name, kept between starts."""

import json
import logging

from utnet_viewer.settings import Settings

log = logging.getLogger("utnet_viewer")

KEY = "filters"


class SavedFilters:
    """Names and texts; without settings they are kept as long as the window is open."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings
        self._texts: dict[str, str] = _read(settings.text(KEY)) if settings is not None else {}

    @property
    def texts(self) -> dict[str, str]:
        """Filters by name, in the order of the names."""
        return dict(sorted(self._texts.items(), key=lambda entry: entry[0].casefold()))

    def save(self, name: str, text: str) -> None:
        """Keep a filter; one of the same name is replaced."""
        self._texts[name] = text
        self._write()

    def delete(self, name: str) -> None:
        """Forget a filter; KeyError where there is none."""
        del self._texts[name]
        self._write()

    def _write(self) -> None:
        if self._settings is not None:
            self._settings.put(KEY, json.dumps(self._texts, ensure_ascii=False))


def _read(text: str) -> dict[str, str]:
    """What was kept; of a settings file that somebody damaged nothing, and the log says so."""
    try:
        kept = json.loads(text or "{}")
        return {str(name): str(value) for name, value in kept.items()}
    except (ValueError, AttributeError) as error:
        log.warning("the saved filters are not used: %s", error)
        return {}
