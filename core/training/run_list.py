"""The runs below one folder, looked at again and again."""

import os
from pathlib import Path

from core.training.run_folder import RunFolder, RunFolderError, RunSummary


class RunList:
    """The runs in a folder. Looking again reads only what changed and asks who still lives."""

    def __init__(self, root: Path | str) -> None:
        """`root` may not exist yet."""
        self.root = Path(root).expanduser().absolute()
        self._known: dict[str, tuple[tuple, RunSummary]] = {}

    def refresh(self) -> list[RunSummary]:
        """Every run, newest first; raises RunFolderError where the root cannot be read."""
        try:
            with os.scandir(self.root) as entries:
                names = [entry.name for entry in entries if not entry.name.startswith(".")]
        except FileNotFoundError:
            names = []
        except OSError as error:
            text = f"runs cannot be read here ({error.strerror or error})"
            raise RunFolderError(self.root, text) from error
        looks = ((name, self._look(name)) for name in names)
        self._known = {name: look for name, look in looks if look is not None}
        summaries = [summary for _, summary in self._known.values()]
        return sorted(summaries, key=lambda summary: (-summary.created_s, summary.path))

    def _look(self, name: str) -> tuple[tuple, RunSummary] | None:
        """The stamp of a run's files, and its summary; None where there is no run (any more)."""
        folder = f"{self.root}/{name}"
        try:
            # Replacing any small file touches the folder, and a run that is over only changes so.
            stats = (os.stat(f"{folder}/status.json"), os.stat(folder))
        except (FileNotFoundError, NotADirectoryError):
            return None
        stamp = tuple((s.st_mtime_ns, s.st_size, s.st_ino) for s in stats)
        known = self._known.get(name)
        if known is not None and known[0] == stamp and not known[1].state.is_alive:
            return known
        return stamp, RunFolder(folder).summary()


def list_runs(root: Path | str) -> list[RunSummary]:
    """Every run in a folder, newest first; none where there is no such folder.

    Tables are not read: 200 runs take some milliseconds. Raises RunFolderError where the folder
    cannot be read.
    """
    return RunList(root).refresh()
