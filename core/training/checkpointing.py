"""Saving a run and going back to it: weights for others, the trainer's state for itself."""

from pathlib import Path

from core.events import ResumedEvent
from core.files.checkpoint_card import CheckpointCard
from core.network.checkpoints import save_checkpoint
from core.training.config import TrainingConfig
from core.training.data import RunData
from core.training.processes import gathered
from core.training.progress import Progress
from core.training.reporter import Reporter
from core.training.state import (
    TrainerState,
    check_weights_fit,
    load_state,
    random_state,
    save_state,
    set_random_state,
)
from core.training.step import Stepper

#: Figures of the last validation that a checkpoint's card tells.
_CARD_FIGURES = ("mpjpe_mm", "pa_mpjpe_mm", "mpvpe_mm", "keypoint_error_px", "auc")


class Checkpointer:
    """Writes a run's ``checkpoints`` folder.

    ``last.state`` has everything that a resumed run needs; the .safetensors files hold the running
    average of the weights, which is what is validated and what others open.
    """

    def __init__(
        self,
        folder: Path,
        stepper: Stepper,
        reporter: Reporter,
        config: TrainingConfig,
        data: RunData,
    ) -> None:
        self.folder = folder
        self._stepper = stepper
        self._reporter = reporter
        self._config = config
        self._data = data

    @property
    def state_file(self) -> Path:
        """Where the trainer's state lies."""
        return self.folder / "checkpoints" / "last.state"

    def save(self, progress: Progress) -> None:
        """Save state and weights; every process has to call it."""
        random_states = gathered(random_state(self._stepper.fabric.device))
        if self._stepper.fabric.is_global_zero:
            save_state(self.state_file, self._state(progress, random_states))
        self.save_weights("last", progress)

    def save_weights(self, role: str, progress: Progress) -> None:
        """Save the averaged network as ROLE.safetensors."""
        if not self._stepper.fabric.is_global_zero:
            return
        file = f"checkpoints/{role}.safetensors"
        network = self._stepper.average.average
        save_checkpoint(self.folder / file, network, card=self._card(progress))
        kind = "kept" if role.startswith("step-") else role
        self._reporter.checkpoint(kind, file)

    def load(self) -> Progress | None:
        """Go back to the saved state; None where the run had saved none.

        Raises:
            StateMismatchError: It is damaged or of another network.
        """
        if not self.state_file.exists():
            return None
        state = load_state(self.state_file)
        stepper = self._stepper
        check_weights_fit(self.state_file, state.weights, stepper.network.state_dict())
        stepper.network.load_state_dict(state.weights)
        stepper.average.average.load_state_dict(state.average)
        stepper.average.updates = state.average_updates
        stepper.optimiser.load_state_dict(state.optimiser)
        stepper.fabric.strategy.precision.load_state_dict(state.scaler)
        stepper.skipped = state.skipped
        self._set_random_state(state)
        self._reporter.event(ResumedEvent(step=state.progress.step))
        return state.progress

    def _set_random_state(self, state: TrainerState) -> None:
        rank = self._stepper.fabric.global_rank
        if rank < len(state.random_states):
            set_random_state(state.random_states[rank], self._stepper.fabric.device)
        if len(state.random_states) != self._stepper.fabric.world_size:
            self._reporter.warn(
                f"the run went on with {len(state.random_states)} processes, now there are "
                f"{self._stepper.fabric.world_size}: its random numbers differ from here on"
            )

    def _state(self, progress: Progress, random_states: list[dict]) -> TrainerState:
        stepper = self._stepper
        return TrainerState(
            progress=progress,
            weights=stepper.network.state_dict(),
            average=stepper.average.average.state_dict(),
            average_updates=stepper.average.updates,
            optimiser=stepper.optimiser.state_dict(),
            scaler=stepper.fabric.strategy.precision.state_dict(),
            random_states=random_states,
            skipped=stepper.skipped,
        )

    def _card(self, progress: Progress) -> CheckpointCard:
        config, metrics = self._config, progress.metrics
        figures = {
            f"{prefix or 'rgbd_'}{name}": round(metrics[prefix + name], 4)
            for prefix in ("", "rgb_")
            for name in _CARD_FIGURES
            if prefix + name in metrics
        }
        if figures:
            figures = {"frames": len(self._data.validation), **self._data.baselines, **figures}
        optimisation = config.optimisation
        return CheckpointCard(
            name=f"UTNet {config.network.size}, {config.name}",
            trained_on=self._data.description,
            held_out=figures,
            training={
                "steps": progress.step,
                "validated_at_step": progress.validated_step,
                "batch_size": optimisation.batch_size
                * optimisation.accumulate
                * self._stepper.fabric.world_size,
                "learning_rate": optimisation.learning_rate,
                "seed": config.run.seed,
                "device": self._stepper.fabric.device.type,
            },
        )
