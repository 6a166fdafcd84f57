"""What each key of the original UTNet's config.yaml is here: data, network, hand, loss weights.

The figures in the sentences were measured on the original (docs of its faults), or follow from its
formulas; training, optimiser, schedule and augmentation are in `core.training.legacy_training`.
"""

import math
from pathlib import Path

from core.network_config import SIZES, WIDTH_STEP
from core.training.legacy_notes import DatasetFacts, Notes

_CROP = [256, 192]
#: Between these, one millimetre of 3D error and one pixel of 2D error are of one importance.
_PX_PER_MM = (0.1, 10.0)


def import_dataset(notes: Notes, facts: DatasetFacts) -> None:
    """Root, split and what a frame shows."""
    if facts.root is None:
        notes.refuse(
            "dataset.root_dir",
            "names no data set; the embedded demo frames stand in until you name one",
            "data.dataset",
            "demo",
        )
    else:
        notes.take("dataset.root_dir", "data.dataset", str(facts.root))
        if not facts.root.is_dir():
            notes.miss("dataset.root_dir", f"there is no folder {facts.root}", "data.dataset")
    split = notes.old("dataset.split")
    if str(split).lower() in ("train", "training"):
        notes.take("dataset.split", "data.split", "train")
    elif split is not None:
        notes.refuse(
            "dataset.split",
            "cannot be learned from: of the evaluation split the wrist alone is labelled, and what "
            "learned from it cannot be measured on it",
            "data.split",
            "train",
        )
    _import_data_set_name(notes)
    _import_modality(notes)
    if notes.number("dataset.p_drop") is not None:
        notes.take("dataset.p_drop", "network.drop_depth", notes.old("dataset.p_drop"))
    notes.leave("dataset.version", "is seen from the folder: rgb/*.png is v2, rgb/*.jpg is v3")


def _import_data_set_name(notes: Notes) -> None:
    name = str(notes.old("dataset.name") or "HO3D")
    if "".join(c for c in name.lower() if c.isalnum()).startswith("ho3d"):
        notes.leave("dataset.name", "is seen from the folder, which must have HO-3D's layout")
    else:
        notes.refuse("dataset.name", "is another data set; only HO-3D's layout can be read")


def _import_modality(notes: Notes) -> None:
    modality = notes.old("dataset.input_modal")
    if modality is None:
        return
    plain = "".join(c for c in str(modality).lower() if c.isalnum())
    if plain in ("rgbd", "rgb", "color", "colour"):
        sentence = "with depth tokens one network serves RGB and RGB-D" if plain == "rgbd" else ""
        notes.take("dataset.input_modal", "network.depth", plain == "rgbd", sentence)
    else:
        notes.refuse(
            "dataset.input_modal",
            "cannot be had: the network sees RGB, or RGB and depth",
            "network.depth",
            True,
        )


def import_fixed_sizes(notes: Notes) -> None:
    """Sizes that are the same in every UTNet."""
    for old_key in ("dataset.img_size", "model.img_size"):
        size = notes.old(old_key)
        if size == _CROP:
            notes.leave(old_key, "is always 256×192 (height, width)")
        elif size is not None:
            notes.refuse(
                old_key,
                "the crop is always [256, 192], height first, and x is divided by 192, y by 256; "
                "divided by 256 in one place and 192 in another, x was up to 24 px off",
            )
    for old_key, always, what in (
        ("model.patch_size", (16, [16, 16]), "patches are 16×16 px"),
        ("model.num_hand_joints", (21, 16), "a hand has 16 rotations and 21 joints"),
        ("model.num_vertices", (778,), "MANO's mesh has 778 vertices"),
    ):
        if notes.old(old_key) is not None and notes.old(old_key) not in always:
            notes.refuse(old_key, f"cannot be anything else here: {what}")
        else:
            notes.leave(old_key, f"is always so: {what}")


def named_size(width: float | None) -> str:
    """The size with this token width, or the next smaller one."""
    if width is None:
        return "huge"  # what the original is where its file says nothing
    fitting = [name for name, widths in SIZES.items() if widths.width <= width]
    return fitting[-1] if fitting else "tiny"


def import_widths(notes: Notes) -> None:
    """embed_dim, vit_depth and vit_num_heads to a size, with overrides where none fits."""
    old_width = notes.number("model.embed_dim")
    size = named_size(old_width)
    own = SIZES[size]
    width = own.width
    if old_width is not None:
        width = max(WIDTH_STEP, round(old_width / WIDTH_STEP) * WIDTH_STEP)
    notes.values["network.size"] = size
    # Before the width: the size's own number of heads may not divide it.
    heads = own.heads if width % own.heads == 0 else width // WIDTH_STEP
    notes.values["network.heads"] = None if heads == own.heads else heads
    if width == own.width and old_width == width:
        notes.take("model.embed_dim", "network.size", size)
    elif old_width == width:
        notes.take("model.embed_dim", "network.token_width", width)
    elif old_width is not None:
        sentence = f"a token width must be a multiple of {WIDTH_STEP}"
        notes.refuse("model.embed_dim", sentence, "network.token_width", width)
    for old_key, key, usual in (
        ("model.vit_depth", "network.blocks", own.depth),
        ("model.vit_num_heads", "network.heads", own.heads),
    ):
        value = notes.number(old_key)
        if value == usual and notes.values.get(key) is None:
            notes.take(old_key, "network.size", size, f"as the size {size} has it")
        elif value is not None:
            notes.take(old_key, key, value)


def import_heads_of_network(notes: Notes) -> None:
    """Feature maps, camera and rotations."""
    if notes.number("model.num_scales") is not None:
        notes.take("model.num_scales", "network.num_scales", notes.old("model.num_scales"))
    focal_px = notes.number("model.focal_length")
    if focal_px == 5000:
        notes.take(
            "model.focal_length",
            "network.camera",
            "virtual",
            'in pixels of the crop; "intrinsics" would project with the crop\'s own camera, which '
            "a place in camera space needs",
        )
    elif focal_px is not None:
        notes.refuse(
            "model.focal_length",
            "the virtual camera is 5000 px of the crop, never divided by its size (that made the "
            "2D hand 192 times too small); use the crop's own camera instead",
            "network.camera",
            "intrinsics",
        )
    _import_rotation(notes)


def _import_rotation(notes: Notes) -> None:
    representation = notes.old("model.joint_rep_type")
    if representation is None:
        return
    plain = "".join(c for c in str(representation).lower() if c.isalnum())
    if plain in ("6d", "rot6d", "r6d"):
        notes.take("model.joint_rep_type", "network.rotation", "6d")
    elif plain in ("aa", "axisangle", "rotvec"):
        sentence = "6d is steadier: an axis-angle jumps at half a turn"
        notes.take("model.joint_rep_type", "network.rotation", "axis_angle", sentence)
    else:
        sentence = "cannot be decoded here: rotations are 6d or axis_angle"
        notes.refuse("model.joint_rep_type", sentence, "network.rotation", "6d")


def import_weights(notes: Notes) -> None:
    """The ViT that a training starts from."""
    weights = notes.path("model.pretrained_weights")
    if weights is not None:
        sentence = "with the linear stem, which takes its patch weights"
        notes.take("model.pretrained_weights", "run.start_from", str(weights), sentence)
        notes.values["network.stem"] = "linear"
        if not weights.is_file():
            notes.miss("model.pretrained_weights", f"there is no file {weights}", "run.start_from")
    elif notes.values["network.size"] in ("base", "large", "huge"):
        notes.refuse(
            "model.pretrained_weights",
            "names no weights; HO-3D alone hardly trains a ViT of this size from random ones. "
            "Name a ViTPose or WiLoR checkpoint (vitpose_backbone.pth)",
            "run.start_from",
            "",
        )


def import_hand_model(notes: Notes) -> None:
    """The MANO file."""
    path = notes.path("mano.model_path")
    if path is None:
        notes.refuse(
            "mano.model_path",
            "names no hand model; the embedded stand-in hand does not fit labels of real data. "
            "Name your MANO_RIGHT.pkl",
            "data.hand_model",
            "",
        )
    else:
        if path.is_dir() or not path.suffix:
            path = path / "MANO_RIGHT.pkl"
        if "left" in path.name.lower():
            right = str(path.with_name("MANO_RIGHT.pkl"))
            sentence = "is a left hand; HO-3D's hands are right ones"
            notes.refuse("mano.model_path", sentence, "data.hand_model", right)
            path = Path(right)
        else:
            notes.take("mano.model_path", "data.hand_model", str(path))
        if not path.is_file():
            sentence = f"there is no file {path}; the original then trained on a hand of zeros"
            notes.miss("mano.model_path", sentence, "data.hand_model")
    notes.leave(
        "mano.mean_params_path",
        "the mean hand comes from the hand model (that file mixes two layouts of 6D rotations)",
    )


def import_loss_weights(notes: Notes) -> None:
    """Terms are means here, in crop sizes and decimetres; the original summed millimetres."""
    weight_2d, weight_3d = notes.number("loss.w_2d"), notes.number("loss.w_3d_joint")
    ours_2d, ours_3d = notes.base["loss.keypoints_2d"], notes.base["loss.joints_3d"]
    if weight_2d is not None and weight_3d is not None:
        # One pixel is 1 / 256 of a crop, the unit of the original's 2D term.
        px_per_mm = weight_3d * 256 / weight_2d if weight_2d > 0 else math.inf
        if _PX_PER_MM[0] <= px_per_mm <= _PX_PER_MM[1]:
            ours_3d = ours_2d * weight_3d * 100 / weight_2d
            sentence = f"the same ratio: 1 mm counts as much as {px_per_mm:.3g} px"
            notes.take("loss.w_2d", "loss.keypoints_2d", ours_2d, sentence)
            notes.take("loss.w_3d_joint", "loss.joints_3d", ours_3d, sentence)
        else:
            sentence = _imbalance(weight_2d, weight_3d, px_per_mm)
            notes.refuse("loss.w_2d", sentence, "loss.keypoints_2d", ours_2d)
            notes.refuse("loss.w_3d_joint", sentence, "loss.joints_3d", ours_3d)
    else:
        sentence = "without the other of w_2d and w_3d_joint it cannot be weighed"
        for old_key, key, value in (
            ("loss.w_2d", "loss.keypoints_2d", ours_2d),
            ("loss.w_3d_joint", "loss.joints_3d", ours_3d),
        ):
            if notes.old(old_key) is not None:
                notes.refuse(old_key, sentence, key, value)
    _import_vertex_weight(notes, weight_3d, ours_3d)
    _import_other_weights(notes)


def _imbalance(weight_2d: float, weight_3d: float, px_per_mm: float) -> str:
    if weight_2d <= 0:
        return "the 2D term has no weight, so nothing says where the hand is in the picture"
    shown = f"{px_per_mm:,.0f}" if px_per_mm >= 100 else f"{px_per_mm:.3g}"
    return (
        f"with w_2d {weight_2d:g} and w_3d_joint {weight_3d:g}, 1 mm of 3D error counts as much as "
        f"{shown} px of 2D error, so one of the two terms learns nothing"
    )


def _import_vertex_weight(notes: Notes, weight_3d: float | None, joints_3d: float) -> None:
    weight = notes.number("loss.w_3d_vert")
    if weight is None and notes.old("loss.use_vertex_loss") is None:
        return
    if not notes.truth("loss.use_vertex_loss", weight is not None):
        notes.take("loss.use_vertex_loss", "loss.vertices_3d", 0.0, "the mesh is not supervised")
        notes.leave("loss.w_3d_vert", "use_vertex_loss is false")
        return
    share = 1.0 if not weight or not weight_3d else weight / weight_3d
    sentence = f"{share:.3g} times the weight of the joints, as in the old file"
    if notes.old("loss.use_vertex_loss") is not None:
        notes.take("loss.use_vertex_loss", "loss.vertices_3d", joints_3d * share, sentence)
    if weight is not None:
        notes.take("loss.w_3d_vert", "loss.vertices_3d", joints_3d * share, sentence)


def _import_other_weights(notes: Notes) -> None:
    prior = notes.number("loss.w_prior")
    if prior is not None:
        notes.take("loss.w_prior", "loss.prior_shape", prior, "squared shape parameters")
        sentence = "squared distance from the mean pose, as rotation matrices"
        notes.take("loss.w_prior", "loss.prior_pose", prior, sentence)
    weight = notes.number("loss.w_aux")
    if weight is None and notes.old("loss.use_aux_loss") is None:
        return
    if not notes.truth("loss.use_aux_loss", weight is not None):
        sentence = "the hand before its refinement has no terms of its own"
        notes.take("loss.use_aux_loss", "loss.coarse", 0.0, sentence)
        notes.leave("loss.w_aux", "use_aux_loss is false")
        return
    sentence = "factor on all terms of the hand before its refinement"
    value = notes.base["loss.coarse"] if weight is None else weight
    if notes.old("loss.use_aux_loss") is not None:
        notes.take("loss.use_aux_loss", "loss.coarse", value, sentence)
    if weight is not None:
        notes.take("loss.w_aux", "loss.coarse", value, sentence)
