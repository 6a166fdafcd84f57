"""Remedies applied to the form in Train, and taken back."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.training.config import ConfigError, TrainingConfig
from core.training.config_fields import flat_values
from utnet_viewer.doctor.book import Kept
from utnet_viewer.doctor.changes import Proposal, propose
from utnet_viewer.doctor.request import Request
from utnet_viewer.training.configuration_panel import ConfigurationPanel

TARGET = "the form in Train"


@dataclass(frozen=True)
class _Applied:
    """What was applied last.

    Attributes:
        check: Id of the check whose remedy it was.
        form: Everything that stood in the form before.
        draft: What stood there right after.
        request: What was asked to be examined before.
    """

    check: str
    form: str
    draft: str
    request: Request


class Remedies:
    """Changes go into the form's draft: it is checked there, saved and started from there.

    A file or a preset is never written: its values are put into the form together with the change.
    """

    def __init__(self) -> None:
        self.form: ConfigurationPanel | None = None  # once the Train workspace is made
        self._applied: _Applied | None = None

    @property
    def draft(self) -> TrainingConfig | None:
        """What stands in the form; None while it is not there, or has values to correct."""
        return None if self.form is None else self.form.checked.config

    def load(self, request: Request) -> TrainingConfig:
        """The configuration that a request means.

        Raises:
            ConfigError: It cannot be read or used.
            ValueError: The form has values to correct.
        """
        return request.config.load(self.draft)

    def propose(self, request: Request, changes: Mapping[str, object]) -> Proposal:
        """What a remedy would change in the configuration as it is now."""
        try:
            return propose(self.load(request), changes)
        except (ConfigError, ValueError) as error:
            return Proposal(problem=str(error))

    def differs(self, request: Request, kept: Kept) -> bool:
        """Whether the configuration is another one than when it was examined."""
        try:
            now = flat_values(self.load(request))
        except (ConfigError, ValueError):
            return True
        then = flat_values(kept.config)
        # The form names every run anew; the dataset is said beside the configuration.
        return any(now.get(k) != then.get(k) for k in then if k not in ("name", "data.dataset"))

    def apply(self, request: Request, check: str, proposal: Proposal) -> Request:
        """Put a proposal into the form; returns what is to be examined from now on."""
        form, before = self.form, self.form.keep()
        if request.config.kind != "form":
            form.replace_by(self.load(request), request.config.words)
        values = flat_values(proposal.config)
        form.set_values({change.key: values[change.key] for change in proposal.changes})
        self._applied = _Applied(check, before, form.draft.to_text(), request)
        return request.with_form()

    def is_applied(self, check: str) -> bool:
        """Whether this check's remedy was the last one, and nothing was edited since."""
        return self.can_undo and self._applied.check == check

    @property
    def can_undo(self) -> bool:
        """Whether the form is as the last remedy left it."""
        applied = self._applied
        return applied is not None and self.form.draft.to_text() == applied.draft

    def undo(self) -> Request:
        """Bring back what stood in the form; returns what was examined before."""
        applied, self._applied = self._applied, None
        self.form.restore(applied.form)
        return applied.request
