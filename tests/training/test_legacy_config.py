"""Importing an original config.yaml: every key accounted for, units converted, harm named."""

import copy
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from core.training.config import ConfigError, load_config, to_yaml
from core.training.legacy_config import ORIGINAL_KEYS, import_config
from core.training.presets import preset

ORIGINAL = Path(__file__).parent.parent / "support" / "original_config.yaml"
# PyYAML alone takes 1e-5 for a text, so the fixture is read with floats spelt for it.
VALUES = yaml.safe_load(ORIGINAL.read_text().replace("1e-", "1.0e-"))


@pytest.fixture
def imported(tmp_path):
    """Import the fixture with some of its keys changed (None takes a key away)."""

    def import_changed(changes=None, *, files=()):
        values = copy.deepcopy(VALUES)
        for key, value in (changes or {}).items():
            section, _, name = key.partition(".")
            if value is None:
                values.get(section, {}).pop(name, None)
            else:
                values.setdefault(section, {})[name] = value
        for name, text in files:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        path = tmp_path / "old.yaml"
        path.write_text(yaml.safe_dump(values))
        return import_config(path)

    return import_changed


def by_key(items):
    return {item.old_key: item for item in items}


def test_every_key_of_the_original_is_accounted_for():
    config, report = import_config(ORIGINAL)
    assert len(ORIGINAL_KEYS) == 50
    seen = [*report.mapped, *report.without_counterpart, *report.harmful]
    assert {item.old_key for item in seen} == ORIGINAL_KEYS
    assert report.unknown == ()
    assert report.preset == "huge-rgbd"
    assert config.name == "original_config"
    for item in seen:
        assert item.sentence or item.key, item


def test_values_are_taken_over_with_their_units():
    config, report = import_config(ORIGINAL)
    assert (config.network.size, config.network.rotation) == ("huge", "6d")
    assert (config.network.camera, config.network.drop_depth) == ("virtual", 0.4)
    assert (config.run.epochs, config.run.steps, config.data.workers) == (70, None, 8)
    assert (config.optimisation.batch_size, config.optimisation.accumulate) == (32, 1)
    assert (config.optimisation.beta1, config.optimisation.beta2) == (0.9, 0.999)
    assert config.optimisation.weight_decay == 1e-4
    # 1e-7 of 1e-5.
    assert config.optimisation.final_learning_rate_share == pytest.approx(0.01)
    # A uniform distribution within ±w has the standard deviation w / √3.
    assert config.augmentation.shift / 3**0.5 == pytest.approx(5 / 250, rel=1e-3)
    assert config.augmentation.scale / 3**0.5 == pytest.approx(0.02, rel=1e-3)
    assert config.augmentation.rotation_degrees == 30
    assert config.augmentation.colour == 0.2
    assert (config.loss.coarse, config.loss.vertices_3d) == (0.5, 0)
    assert (config.loss.prior_pose, config.loss.prior_shape) == (0.001, 0.001)
    mapped = by_key(report.mapped)
    assert (mapped["dataset.p_drop"].key, mapped["dataset.p_drop"].value) == (
        "network.drop_depth",
        0.4,
    )


def test_harmful_values_get_a_sentence_and_what_is_recommended():
    config, report = import_config(ORIGINAL)
    harmful = by_key(report.harmful)
    assert set(harmful) == {
        "loss.w_2d",
        "loss.w_3d_joint",
        "optimizer.lr",
        "training.val_split_ratio",
    }
    # 0.05 per mm against 0.01 / 256 per px.
    assert "1,280 px" in harmful["loss.w_2d"].sentence
    recommended = preset("huge-rgbd")
    assert harmful["loss.w_2d"].value == config.loss.keypoints_2d == recommended.loss.keypoints_2d
    assert config.loss.joints_3d == recommended.loss.joints_3d
    rate = recommended.optimisation.learning_rate
    assert harmful["optimizer.lr"].value == config.optimisation.learning_rate == rate
    assert config.data.hold_out_sequences == harmful["training.val_split_ratio"].value == 4


def test_missing_files_are_named_and_kept(imported, tmp_path):
    config, report = import_config(ORIGINAL)
    missing = by_key(report.missing)
    assert set(missing) == {
        "dataset.root_dir",
        "model.pretrained_weights",
        "mano.model_path",
    }
    assert config.data.hand_model.endswith("models/mano/MANO_RIGHT.pkl")
    assert "hand of zeros" in missing["mano.model_path"].sentence
    files = [
        ("models/mano/MANO_RIGHT.pkl", ""),
        ("pretrained/vitpose_backbone.pth", ""),
        ("HO3D/train.txt", "A1/0000\nA1/0001\nA2/0000\n"),
    ]
    changes = {"dataset.root_dir": "HO3D", "mano.model_path": "models/mano"}
    config, report = imported(changes, files=files)
    assert report.missing == ()
    assert config.data.hand_model == str(tmp_path / "models/mano/MANO_RIGHT.pkl")
    assert config.data.dataset == str(tmp_path / "HO3D")
    assert config.run.start_from == str(tmp_path / "pretrained/vitpose_backbone.pth")


def test_epochs_become_steps_where_frames_can_be_counted(imported):
    frames = "".join(f"S{i % 5}/{i:04d}\n" for i in range(320))
    files = [("HO3D/train.txt", frames)]
    changes = {"dataset.root_dir": "HO3D", "training.test_freq": 2}
    config, report = imported(changes, files=files)
    # 320 frames in batches of 32: ten steps an epoch.
    assert config.optimisation.warmup_steps == 5 * 10
    assert config.run.keep_every_steps == 10 * 10
    assert config.run.validate_every_steps == 2 * 10
    # A tenth of five sequences, but at least one.
    assert config.data.hold_out_sequences == 1
    assert "10 steps an epoch" in by_key(report.mapped)["training.warmup_epochs"].sentence


def test_released_evaluation_labels_are_measured_on(imported):
    files = [("HO3D/train.txt", "A1/0000\n"), ("HO3D/evaluation_xyz.json", "[]")]
    config, report = imported({"dataset.root_dir": "HO3D"}, files=files)
    assert (config.data.hold_out_sequences, config.data.validation_split) == (0, "evaluation")
    assert "learning by heart" in by_key(report.harmful)["training.val_split_ratio"].sentence


@pytest.mark.parametrize(
    ("key", "value", "ours", "expected", "part"),
    [
        ("model.focal_length", 1000.0, "network.camera", "intrinsics", "5000"),
        ("model.focal_length", 5000 / 256, "network.camera", "intrinsics", "192 times"),
        ("dataset.img_size", [256, 256], "", None, "x is divided by 192"),
        ("model.img_size", 224, "", None, "256, 192"),
        ("model.patch_size", 14, "", None, "16×16"),
        ("model.num_vertices", 6890, "", None, "778"),
        ("model.num_scales", 4, "network.num_scales", 3, "from 1 to 3"),
        ("model.embed_dim", 1000, "network.token_width", 1024, "multiple of 64"),
        ("model.vit_num_heads", 7, "network.heads", None, "must divide"),
        ("model.joint_rep_type", "quaternion", "network.rotation", "6d", "axis_angle"),
        ("model.pretrained_weights", None, "run.start_from", "", "hardly trains"),
        ("dataset.root_dir", None, "data.dataset", "demo", "names no data set"),
        ("mano.model_path", None, "data.hand_model", "", "stand-in"),
        ("dataset.name", "FreiHAND", "", None, "another data set"),
        ("dataset.input_modal", "depth", "network.depth", True, "RGB and depth"),
        ("dataset.split", "evaluation", "data.split", "train", "wrist alone"),
        ("dataset.split", ["train"], "data.split", "train", "cannot be learned from"),
        ("dataset.p_drop", 1.5, "network.drop_depth", 0.4, "from 0 to 1"),
        ("optimizer.lr", 0.1, "optimisation.learning_rate", 2e-4, "usually diverges"),
        ("optimizer.lr", "fast", "", None, "must be a number"),
        ("optimizer.betas", [0.9], "", None, "two numbers"),
        ("optimizer.betas", [0.9, 2.0], "optimisation.beta2", 0.999, "below 1"),
        ("scheduler.type", "StepLR", "optimisation.schedule", "cosine", "no such schedule"),
        ("scheduler.T_max", 10, "run.epochs", 70, "rose again"),
        ("scheduler.eta_min", 1.0, "optimisation.final_learning_rate_share", 0.0, "between"),
        ("training.warmup_epochs", 0, "optimisation.warmup_steps", 2000, "without a warm-up"),
        ("training.warmup_epochs", None, "optimisation.warmup_steps", 2000, "without a warm-up"),
        ("training.batch_size", 0, "optimisation.batch_size", 32, "from 1 to"),
        ("training.num_epochs", 2.5, "run.epochs", 30, "whole number"),
        ("training.save_freq", 0, "run.keep_every_steps", 0, "at least 1 epoch"),
        ("augmentation.rot_range", 360, "augmentation.rotation_degrees", 30.0, "180"),
        ("loss.w_aux", -1, "loss.coarse", 0.5, "at least 0"),
        ("loss.w_3d_joint", None, "loss.keypoints_2d", 5.0, "without the other"),
        ("loss.w_2d", 0, "loss.keypoints_2d", 5.0, "no weight"),
        ("loss.use_aux_loss", "maybe", "", None, "true or false"),
    ],
)
def test_a_planted_harmful_value_is_named(imported, key, value, ours, expected, part):
    _, clean = imported()
    _, report = imported({key: value})
    planted = [item for item in report.harmful if item not in clean.harmful]
    found = [item for item in planted if item.key == ours and part in item.sentence]
    assert found, planted
    assert found[0].value == expected
    assert load_back(imported({key: value})[0])


def load_back(config) -> bool:
    from core.training.config import parse_config

    return parse_config(yaml.safe_load(to_yaml(config)), source="") == config


def test_a_left_hand_is_refused(imported, tmp_path):
    config, report = imported({"mano.model_path": "mano/MANO_LEFT.pkl"})
    assert config.data.hand_model == str(tmp_path / "mano/MANO_RIGHT.pkl")
    assert "left hand" in by_key(report.harmful)["mano.model_path"].sentence
    assert "mano.model_path" in by_key(report.missing)


def test_balanced_loss_weights_keep_their_ratio(imported):
    # 0.02 per mm is 2 per decimetre.
    config, report = imported({"loss.w_2d": 5.0, "loss.w_3d_joint": 0.02, "loss.w_3d_vert": 0.01})
    assert (config.loss.keypoints_2d, config.loss.joints_3d) == (5.0, pytest.approx(2.0))
    assert "loss.w_2d" not in by_key(report.harmful)
    changes = {"loss.w_2d": 10.0, "loss.w_3d_joint": 0.02, "loss.w_3d_vert": 0.01}
    config, _ = imported(changes | {"loss.use_vertex_loss": "yes"})
    assert config.loss.joints_3d == pytest.approx(1.0)
    assert config.loss.vertices_3d == pytest.approx(0.5)


def test_the_analysed_weights_are_still_unbalanced(imported):
    # 1.0 and 1.0 were meant for metres; the original counts millimetres.
    _, report = imported({"loss.w_2d": 1.0, "loss.w_3d_joint": 1.0})
    assert "256 px" in by_key(report.harmful)["loss.w_2d"].sentence


@pytest.mark.parametrize(
    ("width", "depth", "heads", "expected"),
    [
        (1280, 32, 16, ("huge", None, None, None)),
        (768, 12, 12, ("base", None, None, None)),
        (192, 4, 4, ("tiny", 192, 4, None)),
        (832, 12, 13, ("base", 832, None, 13)),
        (1152, 27, 16, ("large", 1152, 27, None)),
        (64, 2, 8, ("tiny", 64, 2, 8)),
    ],
)
def test_any_transformer_has_a_size_with_overrides(imported, width, depth, heads, expected):
    changes = {"model.embed_dim": width, "model.vit_depth": depth, "model.vit_num_heads": heads}
    config, report = imported(changes)
    network = config.network
    assert (network.size, network.token_width, network.blocks, network.heads) == expected
    assert (network.preset.width, network.preset.depth, network.preset.heads) == (
        width,
        depth,
        heads,
    )
    assert not {"model.embed_dim", "model.vit_num_heads"} & by_key(report.harmful).keys()


def test_unknown_keys_are_listed_never_ignored(imported):
    _, report = imported({"training.learning_rte": 1e-4, "visualisation.every": 10})
    unknown = by_key(report.unknown)
    assert set(unknown) == {"training.learning_rte", "visualisation.every"}
    assert "did you mean training.learning_rate?" in unknown["training.learning_rte"].sentence


def test_a_rate_that_is_given_twice_is_told(imported):
    changes = {"optimizer.lr": 3e-4, "training.learning_rate": 1e-4}
    config, report = imported(changes)
    assert config.optimisation.learning_rate == 3e-4
    left = by_key(report.without_counterpart)["training.learning_rate"]
    assert "disagrees with optimizer.lr" in left.sentence


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("name: demo\nrun: {steps: 500}\n", "no key of the original"),
        ("", "no key of the original"),
        ("- 1", "no key of the original"),
        ("model: {embed_dim: 1\n", "line"),
        ("model:\n  embed_dim: 1280\n  embed_dim: 768\n", "first in line 2"),
        ("model: !!python/name:os.system x", "more than plain values"),
    ],
)
def test_what_is_no_original_configuration_is_refused(tmp_path, text, part):
    path = tmp_path / "old.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=part) as caught:
        import_config(path)
    assert str(path) in str(caught.value)


junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2000),
    st.floats(-10, 10, allow_nan=False),
    st.sampled_from(["", "yes", "RGB", "cosine", "x/y.pth", "6d", "train"]),
    st.lists(st.integers(0, 300), max_size=3),
    st.dictionaries(st.sampled_from(["a", "b"]), st.integers(), max_size=2),
)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(ORIGINAL_KEYS)), junk, min_size=1))
def test_whatever_stands_there_is_said_and_the_result_can_be_used(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("old", numbered=True)
    sections: dict = {}
    for key, value in values.items():
        section, _, name = key.partition(".")
        sections.setdefault(section, {})[name] = value
    path = folder / "old.yaml"
    path.write_text(yaml.safe_dump(sections))
    config, report = import_config(path)
    path.write_text(to_yaml(config))
    assert load_config(path) == config
    said = [*report.mapped, *report.without_counterpart, *report.harmful]
    assert {item.old_key for item in said} >= values.keys()
    for item in said:
        if item.key and item in report.harmful:
            section, _, name = item.key.rpartition(".")
            assert getattr(getattr(config, section), name) == item.value, item
