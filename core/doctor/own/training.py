"""How this project's training steps, behind the doctor's protocol.

The loop itself (`core.training.step.Stepper`) asks its own network for its own loss; the doctor
needs the same step over whatever access it is given. A test holds the two to each other.
"""

from core.doctor.stepping import SteppedTraining
from core.doctor.subject import TrainingFacts
from core.training.config import TrainingConfig
from core.training.optimiser import make_optimiser, set_learning_rate
from core.training.schedule import learning_rate

#: What is left to the device is not left to it here: one examination, one set of numbers.
_FIXED = {"auto": "32-true"}


def own_training(config: TrainingConfig, total_steps: int) -> SteppedTraining:
    """The optimiser, schedule, clipping and precision of `config`, over a run of `total_steps`."""
    optimisation = config.optimisation
    facts = TrainingFacts(
        learning_rate=optimisation.learning_rate,
        warmup_steps=optimisation.warmup_steps,
        total_steps=total_steps,
        schedule=optimisation.schedule,
        final_share=optimisation.final_learning_rate_share,
        clip_norm=optimisation.clip_norm,
        batch_size=optimisation.batch_size * optimisation.accumulate,
        precision=_FIXED.get(optimisation.precision, optimisation.precision),
        weights={name: float(weight) for name, weight in config.loss.model_dump().items()},
    )
    return SteppedTraining(
        facts,
        optimiser=lambda network: make_optimiser(network, optimisation),
        scheduled=lambda step: learning_rate(step, total_steps, optimisation),
        set_rate=set_learning_rate,
    )
