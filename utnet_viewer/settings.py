"""What the window remembers between starts, in a file of the platform's configuration folder."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, QSettings

ORGANISATION, APPLICATION = "utnet-viewer", "utnet-viewer"
RECENT_LIMIT = 8


class Settings(QObject):
    """Typed access to QSettings; a file that cannot be written is reported, never fatal."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = QSettings(
            QSettings.Format.IniFormat,
            QSettings.Scope.UserScope,
            ORGANISATION,
            APPLICATION,
            self,
        )

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self._store.fileName())

    def write_problem(self) -> str:
        """Write everything now; returns why that failed, "" when it worked."""
        self._store.setValue("started", True)
        self._store.sync()
        if self._store.status() == QSettings.Status.NoError and self._store.isWritable():
            return ""
        return f"Settings are not saved: {self.path} cannot be written."

    def text(self, key: str, default: str = "") -> str:
        """A string."""
        value = self._store.value(key, default)
        return value if isinstance(value, str) else default

    def flag(self, key: str, default: bool = False) -> bool:
        """A truth value; an ini file gives it back as a word."""
        return str(self._store.value(key, default)).lower() == "true"

    def has(self, key: str) -> bool:
        """Whether anything was ever stored under this name."""
        return self._store.contains(key)

    def bytes(self, key: str) -> QByteArray:
        """Bytes, such as a saved layout; empty when there are none."""
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def put(self, key: str, value: str | bool | QByteArray) -> None:
        """Remember a value."""
        self._store.setValue(key, value)

    def forget(self, key: str) -> None:
        """Remove a value and everything below it."""
        self._store.remove(key)

    def recent(self) -> list[str]:
        """Dataset folders opened before, newest first."""
        value = self._store.value("recent", [])
        if isinstance(value, str):  # a list of one comes back as a plain string
            value = [value]
        return [entry for entry in value if isinstance(entry, str)] if value else []

    def add_recent(self, folder: str) -> None:
        """Put a folder first in the list."""
        others = [entry for entry in self.recent() if entry != folder]
        self._store.setValue("recent", [folder, *others][:RECENT_LIMIT])
