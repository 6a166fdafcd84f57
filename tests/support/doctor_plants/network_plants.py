"""Faults of network and loss as real code has them: networks, answers and losses gone wrong."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from core.conventions import CROP_SIZE_PX, HO3D_TO_OPENPOSE
from core.doctor.measures.mending import map_samples
from core.doctor.stepping import SteppedTraining
from core.doctor.subject import Answer, Loaded, Sample, Subject
from core.network.output import HandOutput
from doctor_plants.layout_plants import (
    lay_out_column_by_column,
    lay_out_transposed,
    mirror_tokens,
    sample_in_millimetres,
    shuffle_tokens,
)
from doctor_plants.plant import Plant
from doctor_plants.wrapped import Samples, Terms, Wrapped, with_hands

_HEIGHT, _WIDTH = CROP_SIZE_PX
Apply = Callable[[Subject, int], Subject]
_TO_OPENPOSE = list(HO3D_TO_OPENPOSE)


def _network(**changes: object) -> Apply:
    """The subject's network wrapped; see `Wrapped`."""
    return lambda subject, seed: replace(subject, network=Wrapped(inner=subject.network, **changes))


# ---------------------------------------------------------------- starting weights and hand


def _started(is_filled: Callable[[str], bool], *, is_honest: bool = True) -> Apply:
    """Starts from a file that fills the tensors `is_filled` names; a liar reports all of them."""

    def apply(subject: Subject, seed: int) -> Subject:
        access = subject.network
        file = _somewhat_trained(access.build(1000 + seed).state_dict(), seed)
        names = [name for name in file if is_filled(name)]
        skipped = [name for name in file if not is_filled(name)] if is_honest else []

        def load(network: nn.Module, _: int) -> None:
            network.load_state_dict({name: file[name] for name in names}, strict=False)

        def report(loaded: Loaded) -> Loaded:
            return replace(
                loaded,
                source="pretrained.pth",
                matched=len(file) - len(skipped),
                wanted=len(file),
                skipped=tuple(skipped[:8]),
            )

        return replace(subject, network=Wrapped(inner=access, rebuild=load, reload=report))

    return apply


def _somewhat_trained(weights: dict[str, Tensor], seed: int) -> dict[str, Tensor]:
    """As after some steps: nothing is where it started, norms and biases neither."""
    generator = torch.Generator().manual_seed(seed)
    noise = lambda tensor: 1e-4 * torch.randn(tensor.shape, generator=generator)
    return {name: tensor + noise(tensor) for name, tensor in weights.items()}


def _resized_hand(factor: float) -> Apply:
    """A hand model all of whose lengths are multiplied: by zero where it was never loaded."""

    def shrink(network: nn.Module, _: int) -> None:
        for name in ("template_m", "shape_basis_m", "pose_basis_m"):
            getattr(network.mano, name).mul_(factor)

    def report(loaded: Loaded) -> Loaded:
        return replace(loaded, hand=loaded.hand * factor)

    return _network(rebuild=shrink, reload=report)


# ---------------------------------------------------------------- what the network says


def _said(change: Callable[[HandOutput, Samples], HandOutput]) -> Apply:
    """Both hands of every answer changed, for the loss too."""
    return _network(
        reply=lambda answer, samples: with_hands(answer, lambda hand: change(hand, samples))
    )


def _longer(factor: float) -> Apply:
    return _said(
        lambda hand, _: replace(
            hand, joints_mm=hand.joints_mm * factor, vertices_mm=hand.vertices_mm * factor
        )
    )


def _drawn(change: Callable[[Tensor, Tensor], Tensor]) -> Apply:
    """Keypoints changed; `change` gets pixels (B, 21, 2) and principal points (B, 1, 2)."""

    def redraw(hand: HandOutput, samples: Samples) -> HandOutput:
        size = hand.keypoints_norm.new_tensor([_WIDTH, _HEIGHT])
        centres = np.stack([sample.intrinsics[:2, 2] for sample in samples])
        centres = torch.from_numpy(centres).to(size)[:, None]
        pixels = (hand.keypoints_norm + 0.5) * size
        return replace(hand, keypoints_norm=change(pixels, centres))

    return _said(redraw)


_SIZE = torch.tensor([float(_WIDTH), float(_HEIGHT)])


def _focal_divided(by: Tensor) -> Apply:
    """The focal length divided by the image size, the principal point left in pixels."""
    return _drawn(lambda pixels, centre: ((pixels - centre) / by + centre) / _SIZE - 0.5)


# ---------------------------------------------------------------- what the loss compares


def _compared_with(change: Callable[[Sample], Sample]) -> Apply:
    """The loss has other labels than the truth: changed inside of it."""
    return _network(label=change)


def _thumb_first(sample: Sample) -> Sample:
    return replace(sample, joints_mm=sample.joints_mm[_TO_OPENPOSE])


def _square(sample: Sample) -> Sample:
    norm = sample.keypoints_norm.copy()
    norm[:, 0] = (norm[:, 0] + 0.5) * _WIDTH / _HEIGHT - 0.5
    return replace(sample, keypoints_norm=norm)


def _mean_hand_added(sample: Sample) -> Sample:
    return replace(sample, pose_rad=sample.pose_rad + 0.3)


def _weighed(change: Callable[[Terms, Answer, Samples], Terms]) -> Apply:
    return _network(weigh=change)


def _with_floor(terms: Terms, answer: Answer, _: Samples) -> Terms:
    return {**terms, "joints_3d": terms["joints_3d"] + 3953.0}


def _hand_of_zeros(terms: Terms, answer: Answer, samples: Samples) -> Terms:
    """A 3D term whose prediction is a hand of zeros, whatever the network says."""
    labels = np.stack([sample.joints_mm - sample.joints_mm[:1] for sample in samples])
    floor = torch.tensor(float(np.abs(labels).mean() / 100))
    return {**terms, "joints_3d": floor + 0.0 * answer.joints_mm.sum()}


def _times(term: str, factor: float) -> Apply:
    return _weighed(lambda terms, _, __: {**terms, term: factor * terms[term]})


def _summed(*names: str) -> Apply:
    """Terms that are sums over the batch; without names all of them."""

    def add(terms: Terms, _: Answer, samples: Samples) -> Terms:
        return {
            name: term * len(samples) if name in (names or terms) else term
            for name, term in terms.items()
        }

    return _weighed(add)


def _without_confidence(sample: Sample) -> Sample:
    none = np.zeros_like(sample.joint_weights)
    return replace(sample, joint_weights=none, keypoint_weights=none, pose_rad=None, betas=None)


def _masked(terms: Terms, _: Answer, __: Samples) -> Terms:
    """A mask that is the wrong way round."""
    return {name: 0.0 * term for name, term in terms.items()}


def _root_at_zero(terms: Terms, answer: Answer, _: Samples) -> Terms:
    """The norm of a difference that is zero: its value is right, its gradient is none."""
    nothing = (0.0 * answer.joints_mm).square().sum().sqrt()
    return {**terms, "joints_3d": terms["joints_3d"] + nothing}


# ---------------------------------------------------------------- what the network sees


def _blind(samples: Samples) -> Samples:
    return [replace(sample, image=np.zeros_like(sample.image)) for sample in samples]


# ---------------------------------------------------------------- gradients and steps


def _detached(module: str) -> Apply:
    """What a module gives is cut off from the loss's gradient."""

    def cut(_: nn.Module, __: tuple, given: object) -> object:
        if isinstance(given, list):
            return [tensor.detach() for tensor in given]
        if isinstance(given, Tensor):
            return given.detach()
        return replace(given, **{name: value.detach() for name, value in vars(given).items()})

    def hook(network: nn.Module, _: int) -> None:
        network.get_submodule(module).register_forward_hook(cut)

    return _network(rebuild=hook)


def _frozen(module: str) -> Apply:
    def freeze(network: nn.Module, _: int) -> None:
        network.get_submodule(module).requires_grad_(False)

    return _network(rebuild=freeze)


def _grouped(module: str, share: float | None) -> Apply:
    """An optimiser in which one module has its share of the learning rate; None: forgets it."""

    def optimiser(network: nn.Module) -> torch.optim.Optimizer:
        chosen = {id(p) for p in network.get_submodule(module).parameters()}
        theirs = [p for p in network.parameters() if id(p) in chosen]
        others = [p for p in network.parameters() if id(p) not in chosen]
        groups = [{"params": others, "share": 1.0}]
        if share is not None:
            groups.append({"params": theirs, "share": share})
        return torch.optim.AdamW(groups, weight_decay=0.0)

    def set_rate(optimiser: torch.optim.Optimizer, learning_rate: float) -> None:
        for group in optimiser.param_groups:
            group["lr"] = learning_rate * group["share"]

    return lambda subject, seed: replace(
        subject,
        training=SteppedTraining(
            subject.training.facts,
            optimiser=optimiser,
            scheduled=subject.training.scheduled,
            set_rate=set_rate,
        ),
    )


def _trained_buffer(module: str, name: str) -> Apply:
    """A constant that is registered as a parameter."""

    def register(network: nn.Module, _: int) -> None:
        owner = network.get_submodule(module)
        value = getattr(owner, name).clone()
        del owner._buffers[name]
        owner.register_parameter(name, nn.Parameter(value))

    return _network(rebuild=register)


# ---------------------------------------------------------------- labels that no hand has


def _long_fingers(factor: float) -> Apply:
    """Another skeleton: fingers longer than the hand model's can be, no parameters beside them."""

    def stretch(sample: Sample) -> Sample:
        joints_mm = sample.joints_mm.copy()
        for finger in ((1, 2, 3, 17), (4, 5, 6, 18), (10, 11, 12, 19), (7, 8, 9, 20)):
            bones = np.diff(sample.joints_mm[list(finger)], axis=0)
            joints_mm[list(finger[1:])] = joints_mm[finger[0]] + np.cumsum(factor * bones, axis=0)
        return _reprojected(replace(sample, joints_mm=joints_mm, pose_rad=None, betas=None))

    return lambda subject, seed: map_samples(subject, stretch)


def _knuckles_elsewhere(sample: Sample) -> Sample:
    """A data set whose knuckles are marked 25 mm nearer to the wrist."""
    joints_mm = sample.joints_mm.copy()
    for knuckle in (1, 4, 7, 10):
        towards = joints_mm[0] - joints_mm[knuckle]
        joints_mm[knuckle] += 25 * towards / np.linalg.norm(towards)
    return _reprojected(replace(sample, joints_mm=joints_mm, pose_rad=None, betas=None))


def _reprojected(sample: Sample) -> Sample:
    height, width = sample.size_px
    seen = sample.joints_mm @ sample.intrinsics.T
    return replace(sample, keypoints_norm=seen[:, :2] / seen[:, 2:] / (width, height) - 0.5)


def _everywhere(change: Callable[[Sample], Sample]) -> Apply:
    return lambda subject, seed: map_samples(subject, change)


def _plant(id_: str, cause: str, apply: Apply, *accept: str) -> Plant:
    return Plant(id_, cause, apply, accept=frozenset(accept), needs_network=True)


_NOTHING = lambda name: False
_ONLY_BLOCK_0 = lambda name: name.startswith("vit.blocks.0.")

PLANTS: tuple[Plant, ...] = (
    _plant("weights_with_a_prefix", "weights_not_loaded", _started(_NOTHING)),
    _plant("weights_of_one_block", "weights_not_loaded", _started(_ONLY_BLOCK_0)),
    _plant("weights_said_loaded", "weights_not_loaded", _started(_NOTHING, is_honest=False)),
    _plant(
        "positions_skipped",
        "position_embedding_skipped",
        _started(lambda name: "pos_embed" not in name),
    ),
    _plant("hand_of_zeros", "hand_model_zeros", _resized_hand(0.0)),
    _plant("hand_divided_twice", "hand_model_size", _resized_hand(1e-3)),
    _plant("hand_too_large", "hand_model_size", _resized_hand(1.6)),
    _plant("prediction_metres", "prediction_in_metres", _longer(1e-3)),
    _plant("prediction_centimetres", "prediction_in_centimetres", _longer(0.1)),
    _plant("prediction_micrometres", "prediction_wrong_size", _longer(1e3)),
    _plant("focal_by_size", "prediction_focal_divided", _focal_divided(_SIZE)),
    _plant(
        "focal_by_256", "prediction_focal_divided", _focal_divided(torch.tensor([256.0, 256.0]))
    ),
    _plant(
        "drawn_too_small",
        "prediction_wrong_spread",
        _drawn(lambda pixels, _: (pixels / _SIZE - 0.5) / 5),
    ),
    _plant("prediction_pixels", "prediction_in_pixels", _drawn(lambda pixels, _: pixels)),
    _plant(
        "prediction_zero_to_one",
        "prediction_keypoints_offset",
        _drawn(lambda pixels, _: pixels / _SIZE),
    ),
    _plant(
        "prediction_by_256",
        "prediction_square_crop",
        _drawn(lambda pixels, _: pixels / 256 - 0.5),
    ),
    _plant("loss_thumb_first", "loss_not_zero_for_truth", _compared_with(_thumb_first)),
    _plant("loss_square_labels", "loss_not_zero_for_truth", _compared_with(_square)),
    _plant("loss_mean_hand_added", "loss_not_zero_for_truth", _compared_with(_mean_hand_added)),
    _plant("loss_plus_constant", "loss_constant_floor", _weighed(_with_floor)),
    _plant("loss_of_zero_hand", "loss_constant_floor", _weighed(_hand_of_zeros)),
    _plant("long_fingers", "labels_not_representable", _long_fingers(1.5)),
    _plant("knuckles_elsewhere", "labels_not_representable", _everywhere(_knuckles_elsewhere)),
    _plant("image_overwritten", "image_ignored", _network(see=_blind)),
    _plant("stalled_checkpoint", "constant_predictor", _started(lambda name: True)),
    _plant("joints_times_590000", "one_term_dominates", _times("joints_3d", 590_000.0)),
    _plant("joints_in_mm_squared", "one_term_dominates", _times("joints_3d", 1e4)),
    _plant("heatmaps_times_1000", "one_term_dominates", _times("heatmaps", 1e3)),
    _plant("coarse_subtracted", "terms_conflict", _times("coarse", -1.0)),
    _plant("joints_subtracted", "terms_conflict", _times("joints_3d", -1.0)),
    _plant("sum_over_batch", "sum_reduction", _summed()),
    _plant("joints_summed", "sum_reduction", _summed("joints_3d")),
    _plant("confidence_lost", "all_zero_loss", _compared_with(_without_confidence)),
    _plant("mask_inverted", "all_zero_loss", _weighed(_masked)),
    _plant("maps_detached", "no_gradient", _detached("upsampler")),
    _plant("refinement_detached", "no_gradient", _detached("refinement")),
    _plant("backbone_detached", "no_gradient", _detached("vit")),
    _plant("root_at_zero", "not_finite_gradient", _weighed(_root_at_zero)),
    _plant("backbone_frozen", "part_frozen", _frozen("vit")),
    _plant("refinement_forgotten", "part_frozen", _grouped("refinement", None)),
    _plant("refinement_too_fast", "update_too_large", _grouped("refinement", 100.0)),
    _plant("backbone_too_fast", "update_too_large", _grouped("vit", 300.0)),
    _plant("backbone_too_slow", "update_too_small", _grouped("vit", 1e-6)),
    _plant("vertices_in_mm", "vertices_outside_map", _network(rebuild=sample_in_millimetres)),
    _plant("grid_12_by_16", "tokens_transposed", _network(rebuild=lay_out_transposed)),
    _plant("columns_first", "tokens_transposed", _network(rebuild=lay_out_column_by_column)),
    _plant("tokens_mirrored", "tokens_transposed", _network(rebuild=mirror_tokens)),
    _plant("tokens_shuffled", "features_out_of_place", _network(rebuild=shuffle_tokens)),
    _plant("mean_pose_trained", "constants_trained", _trained_buffer("", "mean_pose_code")),
    _plant("template_trained", "constants_trained", _trained_buffer("mano", "template_m")),
)
