"""What is known of the runs: which one is shown, which are drawn too, their newest views."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.training.run_folder import RunSummary
from core.training.run_history import RunView


@dataclass
class RunsBook:
    """Plain bookkeeping for the workspace; no widgets.

    Attributes:
        summaries: Every run, newest first.
        current: The run that header, samples and log tell of.
        ticked: Runs that the charts draw too.
        views: The newest view of each run that is followed.
    """

    summaries: list[RunSummary] = field(default_factory=list)
    current: Path | None = None
    ticked: frozenset[Path] = frozenset()
    views: dict[Path, RunView] = field(default_factory=dict)

    @property
    def followed(self) -> list[Path]:
        """The runs whose history is wanted: the current one first."""
        first = [] if self.current is None else [self.current]
        return first + sorted(self.ticked - set(first))

    @property
    def live(self) -> list[RunSummary]:
        """Runs with a process at work."""
        return [summary for summary in self.summaries if summary.state.is_alive]

    def summary(self, path: Path | None) -> RunSummary | None:
        """How a run is; the followed view is newer than the list."""
        listed = next((summary for summary in self.summaries if summary.path == path), None)
        view = self.views.get(path)
        if listed is None or view is None or view.status is None:
            return listed
        return replace(listed, state=view.state, reason=view.reason, status=view.status)

    def drawn(self) -> list[RunView]:
        """The views that charts show, the current one first."""
        return [self.views[path] for path in self.followed if path in self.views]

    def forget_unfollowed(self) -> None:
        """Views of runs that nobody looks at any more."""
        self.views = {path: self.views[path] for path in self.followed if path in self.views}

    def first_choice(self, remembered: str, among: Collection[Path]) -> Path | None:
        """The run to show first: one that goes on, the one shown last time, else the newest."""
        named = [summary for summary in self.summaries if summary.name == remembered]
        for group in (self.live, named, self.summaries):
            for summary in group:
                if summary.path in among:
                    return summary.path
        return None
