"""What the original UTNet's keys of training, optimiser, schedule and augmentation are here."""

import math

from core.training.legacy_notes import DatasetFacts, Notes

#: Below and above these, AdamW with gradients clipped to 1 does not train a ViT.
_LEARNING_RATES = (5e-5, 2e-3)
#: A uniform change within ±√3 σ has the standard deviation σ.
_UNIFORM = math.sqrt(3)
_LEAKAGE = "takes neighbours of training frames, so that learning by heart looks good"


def import_optimiser(notes: Notes) -> None:
    """Learning rate, weight decay and betas, which the old file can name in two places."""
    rate = _given_once(notes, "optimizer.lr", "training.learning_rate")
    if rate is not None:
        old_key, value = rate
        low, high = _LEARNING_RATES
        recommended = notes.base["optimisation.learning_rate"]
        if value < low:
            notes.refuse(
                old_key,
                f"{value:g} is far below what trains here; at 1e-05 the old loss stayed flat",
                "optimisation.learning_rate",
                recommended,
            )
        elif value > high:
            sentence = f"{value:g} is so large that a transformer usually diverges"
            notes.refuse(old_key, sentence, "optimisation.learning_rate", recommended)
        else:
            notes.take(old_key, "optimisation.learning_rate", float(value))
    decay = _given_once(notes, "optimizer.weight_decay", "training.weight_decay")
    if decay is not None:
        notes.take(decay[0], "optimisation.weight_decay", float(decay[1]))
    _import_optimiser_type(notes)


def _given_once(notes: Notes, first: str, second: str) -> tuple[str, float] | None:
    """The key that counts with its number; a second one is noted as left out."""
    given = [(k, notes.number(k)) for k in (first, second)]
    given = [(key, value) for key, value in given if value is not None]
    if len(given) == 2:
        same = given[0][1] == given[1][1]
        sentence = "is given twice" if same else f"disagrees with {first}, which counts"
        notes.leave(second, sentence)
    return given[0] if given else None


def _import_optimiser_type(notes: Notes) -> None:
    kind = str(notes.old("optimizer.type") or "AdamW")
    if kind.lower() == "adamw":
        notes.leave("optimizer.type", "training always uses AdamW")
    else:
        sentence = "training always uses AdamW, whose weight decay is apart from the gradient"
        notes.leave("optimizer.type", sentence)
    betas = notes.old("optimizer.betas")
    if betas is None:
        return
    if not isinstance(betas, list) or len(betas) != 2:
        notes.refuse("optimizer.betas", "must be a list of two numbers such as [0.9, 0.999]")
        return
    notes.take("optimizer.betas", "optimisation.beta1", betas[0])
    notes.take("optimizer.betas", "optimisation.beta2", betas[1])


def import_schedule(notes: Notes) -> None:
    """The schedule, which here always ends with the run."""
    kind = notes.old("scheduler.type")
    plain = "".join(c for c in str(kind).lower() if c.isalnum())
    if kind is None or plain in ("constant", "none", "constantlr"):
        if kind is not None:
            notes.take("scheduler.type", "optimisation.schedule", "constant")
    elif plain.startswith("cosine"):
        notes.take("scheduler.type", "optimisation.schedule", "cosine")
    else:
        sentence = "there is no such schedule; the cosine is taken, which suits a ViT"
        notes.refuse("scheduler.type", sentence, "optimisation.schedule", "cosine")
    t_max, epochs = notes.number("scheduler.T_max"), notes.number("training.num_epochs")
    if t_max is not None and epochs is not None and t_max != epochs:
        rises = "rose again after" if t_max < epochs else "had not ended before"
        notes.refuse(
            "scheduler.T_max",
            f"the old cosine {rises} the run's {epochs:g} epochs; here it ends with the run",
            "run.epochs",
            notes.values.get("run.epochs", notes.base["run.epochs"]),
        )
    else:
        notes.leave("scheduler.T_max", "the cosine ends with the run")
    _import_last_rate(notes)


def _import_last_rate(notes: Notes) -> None:
    last, key = notes.number("scheduler.eta_min"), "optimisation.final_learning_rate_share"
    rate = notes.number("optimizer.lr") or notes.number("training.learning_rate")
    if last is None:
        return
    if not rate or last < 0 or last > rate:
        sentence = "does not lie between 0 and the learning rate"
        notes.refuse("scheduler.eta_min", sentence, key, 0.0)
    else:
        sentence = f"as a share of the old learning rate {rate:g}"
        notes.take("scheduler.eta_min", key, float(f"{last / rate:.6g}"), sentence)


def import_length(notes: Notes, facts: DatasetFacts) -> None:
    """Batches, epochs, warm-up, and what happens every so many epochs."""
    mean = "losses are means here, so the learning rate does not depend on it"
    for old_key, key, sentence in (
        ("training.batch_size", "optimisation.batch_size", mean),
        ("training.num_workers", "data.workers", ""),
        ("training.num_epochs", "run.epochs", ""),
    ):
        if notes.number(old_key) is not None:
            notes.take(old_key, key, notes.old(old_key), sentence)
    # The old batch was one optimiser step.
    notes.values["optimisation.accumulate"] = 1
    batch = notes.values.get("optimisation.batch_size", notes.base["optimisation.batch_size"])
    epoch_steps = None if facts.frames is None else max(1, facts.frames // int(batch))
    _import_warm_up(notes, epoch_steps)
    _import_intervals(notes, epoch_steps)
    notes.leave("training.save_dir", "every run has a folder of its own: utnet train --runs DIR")
    notes.leave("training.log_dir", "logs and TensorBoard events lie in the run's folder")


def _import_warm_up(notes: Notes, epoch_steps: int | None) -> None:
    key, epochs = "optimisation.warmup_steps", notes.number("training.warmup_epochs")
    recommended = int(notes.base[key])
    if epoch_steps is not None:
        total = epoch_steps * int(notes.values.get("run.epochs") or notes.base["run.epochs"] or 1)
        recommended = min(recommended, total // 20)
    if not epochs or epochs < 0:
        notes.refuse(
            "training.warmup_epochs",
            "without a warm-up the first steps spoil pretrained weights and AdamW's averages",
            key,
            recommended,
        )
    elif epoch_steps is None:
        sentence = "steps cannot be counted without the data set, so the preset's are taken"
        notes.take("training.warmup_epochs", key, recommended, sentence)
    elif epochs * epoch_steps > total // 2:
        sentence = f"is longer than half the run of {total} steps"
        notes.refuse("training.warmup_epochs", sentence, key, recommended)
    else:
        sentence = f"at {epoch_steps} steps an epoch; the original never read it"
        notes.take("training.warmup_epochs", key, round(epochs * epoch_steps), sentence)


def _import_intervals(notes: Notes, epoch_steps: int | None) -> None:
    for old_key, key, every_epoch in (
        ("training.save_freq", "run.keep_every_steps", None),
        ("training.test_freq", "run.validate_every_steps", 0),
    ):
        epochs = notes.number(old_key)
        if epochs is None:
            continue
        if epochs < 1:
            notes.refuse(old_key, "must be at least 1 epoch", key, notes.base[key])
        elif epochs == 1 and every_epoch is not None:
            notes.take(old_key, key, every_epoch, "after every epoch")
        elif epoch_steps is None:
            sentence = "steps cannot be counted without the data set, so the preset's are taken"
            notes.take(old_key, key, notes.base[key], sentence)
        else:
            sentence = f"at {epoch_steps} steps an epoch"
            notes.take(old_key, key, round(epochs * epoch_steps), sentence)


def import_validation(notes: Notes, facts: DatasetFacts) -> None:
    """The share of frames that the original measured on, neighbours of those it learned from."""
    old_key = "training.val_split_ratio"
    ratio = notes.number(old_key) or 0.0
    if facts.has_evaluation_labels:
        sentence = "the evaluation split has its released labels here, so it is measured on"
        if ratio > 0:
            sentence = f"{_LEAKAGE}; {sentence}"
            notes.refuse(old_key, sentence, "data.validation_split", "evaluation")
        else:
            notes.leave(old_key, sentence)
        return
    share = ratio if 0 < ratio < 1 else 0.1
    count = 4 if facts.sequences is None else max(1, round(share * facts.sequences))
    if ratio > 0:
        sentence = f"{_LEAKAGE}; hold whole sequences out instead"
        notes.refuse(old_key, sentence, "data.hold_out_sequences", count)
    elif facts.frames is not None:
        sentence = "nothing is held out, and the evaluation split has no labels to measure on"
        notes.refuse(old_key, sentence, "data.hold_out_sequences", count)
    else:
        notes.leave(old_key, "nothing is held out; the evaluation split is measured on")


def import_augmentation(notes: Notes) -> None:
    """Gaussian changes of a 3D cube to uniform ones of the crop."""
    cube_mm = _cube_mm(notes)
    notes.leave("dataset.cube_size", "there is no cube about the hand; it is the unit of sigma_com")
    shift = notes.number("augmentation.sigma_com")
    if shift is not None:
        share = shift if shift < 1 else shift / cube_mm
        of = "a share of the cube" if shift < 1 else f"mm of a cube of {cube_mm:g} mm"
        sentence = f"σ in {of} to a uniform share of the crop within ±√3 σ"
        notes.take("augmentation.sigma_com", "augmentation.shift", _uniform(share), sentence)
    scale = notes.number("augmentation.sigma_sc")
    if scale is not None:
        sentence = "σ to a uniform change within ±√3 σ"
        notes.take("augmentation.sigma_sc", "augmentation.scale", _uniform(scale), sentence)
    if notes.number("dataset.color_factor") is not None:
        notes.take("dataset.color_factor", "augmentation.colour", notes.old("dataset.color_factor"))
    turn = notes.old("augmentation.rot_range")
    if isinstance(turn, list) and len(turn) == 2 and turn[0] == -turn[1]:
        turn = turn[1]
    elif turn is not None:
        turn = notes.number("augmentation.rot_range")
    if turn is not None:
        sentence = "degrees to either side; here 3D joints and pose turn with the picture"
        notes.take("augmentation.rot_range", "augmentation.rotation_degrees", turn, sentence)


def _cube_mm(notes: Notes) -> float:
    """Edge of the cube; the original's 250 mm where the old file has no usable one."""
    size = notes.old("dataset.cube_size")
    edges = size if isinstance(size, list) else [size]
    numbers = [e for e in edges if isinstance(e, int | float) and not isinstance(e, bool) and e > 0]
    return float(max(numbers, default=250.0))


def _uniform(sigma: float) -> float:
    return float(f"{sigma * _UNIFORM:.4g}")
