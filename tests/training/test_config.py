"""The configuration of a run: what it takes, what it refuses, and what it says of it."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.training.config import (
    ConfigError,
    Difference,
    FieldInfo,
    TrainingConfig,
    differences,
    fields,
    load_config,
    parse_config,
    to_yaml,
    with_overrides,
    with_values,
)
from core.training.config_yaml import read_yaml


@pytest.fixture
def load(tmp_path):
    """Load a configuration from text."""

    def load_text(text: str) -> TrainingConfig:
        path = tmp_path / "run.yaml"
        path.write_text(text, encoding="utf-8")
        return load_config(path)

    return load_text


def test_a_file_names_only_what_differs(load):
    config = load("name: first try\noptimisation:\n  learning_rate: 1e-3\nrun: {steps: 4000}\n")
    assert config.name == "first try"
    assert config.optimisation.learning_rate == 0.001
    assert (config.run.steps, config.run.epochs) == (4000, None)
    changed = [difference.key for difference in differences(config, TrainingConfig())]
    assert changed == ["name", "run.steps", "run.epochs", "optimisation.learning_rate"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 1e-3), ("5E-4", 5e-4), ("1.e-3", 1e-3), (".5", 0.5), ("1", 1.0), ("2_0e-2", 0.2)],
)
def test_numbers_are_read_as_people_write_them(load, text, value):
    assert load(f"optimisation: {{learning_rate: {text}}}").optimisation.learning_rate == value
    # The trap that this is about: PyYAML alone takes 1e-3 for a text.
    assert yaml.safe_load("1e-3") == "1e-3"


@pytest.mark.parametrize("text", ["no", "on", "1:30", "010", "2026-01-02", "v1e-3"])
def test_words_that_yaml_1_1_would_change_stay_texts(load, text):
    assert parse_name(load, text) == text


def parse_name(load, text: str) -> str:
    """A text as the reader gives it, by way of a field that takes any text."""
    return load(f"data: {{hand_model: {text}}}").data.hand_model


# Each planted fault with what the message must name.
FAULTS = {
    "misspelt key": (
        "optimisation:\n  learning_rat: 1e-3",
        ["line 2", "optimisation.learning_rat", "did you mean optimisation.learning_rate?"],
    ),
    "American section": (
        "optimization:\n  learning_rate: 1e-3",
        ["line 1", "optimization", "did you mean optimisation?"],
    ),
    "another program's name": (
        "optimisation:\n  lr: 1e-3",
        ["line 2", "optimisation.lr", "did you mean optimisation.learning_rate?"],
    ),
    "no key like it": ("data:\n  banana: 1", ["line 2", "data.banana", "dataset, split"]),
    "key outside its section": (
        "batch_size: 8",
        ["line 1", "batch_size", "optimisation.batch_size"],
    ),
    "key in another section": (
        "run:\n  batch_size: 8",
        ["line 2", "run.batch_size", "optimisation.batch_size"],
    ),
    "dotted key": ("optimisation.batch_size: 8", ["line 1", '"optimisation:"', '"batch_size: …"']),
    "section that is a value": ("\nnetwork: tiny", ["line 2", "network", "size", 'text "tiny"']),
    "section that is one of its choices": ("network: tiny", ["did you mean network.size?"]),
    "line without a colon": ("run:\n  steps 40\n  seed: 1", ["line 3", "lack its own"]),
    "odd indentation": ("run:\n    steps: 400\n  seed: 1", ["line 3", "indented differently"]),
    "section that is empty": ("network:", ["line 1", "network", "empty"]),
    "value that is a section": (
        "run:\n  seed:\n    x: 1",
        ["line 2", "run.seed", "whole number", "a section with x"],
    ),
    "list for a number": ("run:\n  seed: [1, 2]", ["run.seed", "a list of 2"]),
    "number too large": (
        "augmentation:\n  rotation_degrees: 360",
        ["line 2", "augmentation.rotation_degrees", "from 0 to 180", "360"],
    ),
    "number at an excluded end": (
        "optimisation:\n  learning_rate: 0",
        ["line 2", "above 0 and at most 1"],
    ),
    "negative weight": ("loss: {wrist: -0.5}", ["loss.wrist", "at least 0", "-0.5"]),
    "not a number": ("loss: {wrist: .nan}", ["loss.wrist", "a number", "nan"]),
    "infinite": ("optimisation: {clip_norm: .inf}", ["optimisation.clip_norm", "inf"]),
    "text for a number": ('run: {seed: "7"}', ["run.seed", 'the text "7"', "take the quotes away"]),
    "fraction for a whole number": ("run: {steps: 10.5}", ["run.steps", "whole number", "10.5"]),
    "float for a whole number": ("run: {steps: 1e3}", ["run.steps", "write 1000"]),
    "truth value for a number": ("run: {seed: true}", ["run.seed", "whole number", "is true"]),
    "truth value for a float": ("loss: {wrist: true}", ["loss.wrist", "a number", "is true"]),
    "truth value for a float of the network": (
        "network: {drop_depth: true}",
        ["network.drop_depth", "a number from 0 to 1", "is true"],
    ),
    "number for a truth value": ("data: {in_memory: 1}", ["data.in_memory", "true or false"]),
    "yes for a truth value": ("data: {in_memory: yes}", ["data.in_memory", "write true"]),
    "number for a text": ("name: 2026", ["line 1", "name", "put it in quotes"]),
    "none for null": ("data: {frames: none}", ["data.frames", "write null"]),
    "null for a text": ("run: {start_from: }", ["run.start_from", 'write ""']),
    "null where nothing may be": ("run: {seed: null}", ["run.seed", "empty (null)"]),
    "choice in capitals": (
        "run: {device: CUDA}",
        ["run.device", '"auto", "cpu", "cuda", "mps"', 'did you mean "cuda"?'],
    ),
    "both steps and epochs": (
        "run:\n  epochs: 3\n  steps: 40",
        ["line 3", "run.steps", "40", "3", "take one of the two lines away"],
    ),
    "neither steps nor epochs": ("run: {epochs: null}", ["run.steps", "run.epochs", "how long"]),
    "warm-up longer than the run": (
        "run: {steps: 50}\noptimisation:\n  warmup_steps: 60",
        ["line 3", "optimisation.warmup_steps", "60", "50"],
    ),
    "fewer frames than a batch": (
        "data:\n  frames: 8",
        ["line 2", "data.frames", "8", "optimisation.batch_size is 16"],
    ),
    "half precision on a CPU": (
        "optimisation:\n  precision: 16-mixed\nrun: {device: cpu}",
        ["line 2", "optimisation.precision", "CUDA", "32-true"],
    ),
    "two validation sets": (
        "data:\n  hold_out_sequences: 2\n  validation_dataset: other",
        ["line 2", "data.hold_out_sequences", "other"],
    ),
    "nothing to learn": (
        "loss: {keypoints_2d: 0, joints_3d: 0, wrist: 0, rotations: 0, betas: 0, auxiliary: 0, "
        "heatmaps: 0}",
        ["loss.keypoints_2d", "nothing to learn"],
    ),
    "heads that do not share the width": (
        "network:\n  heads: 5",
        ["line 2", "network.heads", "128", "1, 2, 4, 8, 16, 32, 64"],
    ),
    "odd token width": ("network: {token_width: 100}", ["network.token_width", "multiple of 64"]),
    "name that leaves its folder": ("name: ../elsewhere", ["line 1", "name", "../elsewhere"]),
    "empty name": ('name: ""', ["line 1", "name", "letters"]),
    "empty data set": ('data: {dataset: ""}', ["data.dataset", "must not be empty"]),
    "key twice": ("run:\n  seed: 1\n  seed: 2", ["line 3", "run.seed", "first in line 2"]),
    "section twice": (
        "run: {seed: 1}\ndata: {workers: 0}\nrun: {steps: 200}",
        ["line 3", "run", "first in line 1"],
    ),
    "tab": ("run:\n\tseed: 1", ["line 2", "tab", "spaces"]),
    "unfinished": ("run: {seed: 1", ["line 1", "YAML"]),
    "no keys": ("- 1\n- 2", ["holds no keys"]),
    "nothing": ("# only a comment\n", ["is empty"]),
    "alias": ("run: &a {seed: 1}\ndata: *a", ["line 2", "aliases"]),
    "unfinished text": ("name: 'a\nrun:\n  seed: 1\n", ["bracket or a quote"]),
    "a zero byte": ("name: a\0b", ["another kind of file"]),
    "a number that is none": ("run: {seed: !!int x}", ["line 1", "a tag"]),
    "a number without end": (f"run: {{seed: {'9' * 5000}}}", ["digits"]),
    "two documents": ("name: a\n---\nname: b", ["line 2", "document"]),
    "key that is a number": ("1: 2", ["a key must be a word"]),
    "key that is a list": ("? [a, b]\n: 2", ["line 1", "a key must be a word"]),
    "command in a tag": (
        "name: !!python/object/apply:os.system [exit]",
        ["line 1", "more than plain values"],
    ),
    "too deep": ("[" * 5000, ["nested too deeply"]),
    "original UTNet file": (
        "dataset: {name: ho3d}\nmodel: {embed_dim: 1280}\nmano: {}\ntraining: {num_epochs: 9}",
        ["original UTNet's", "utnet import-config"],
    ),
}


@pytest.mark.parametrize(("text", "named"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_refused_and_named(load, text, named):
    with pytest.raises(ConfigError) as caught:
        load(text)
    message = str(caught.value)
    assert "run.yaml" in message
    for part in named:
        assert part in message


def test_every_fault_is_told_at_once_in_the_order_of_the_file(load):
    with pytest.raises(ConfigError) as caught:
        load("run:\n  seed: no\ndata:\n  workers: -1\n  split: 5\nlos: {}\n")
    assert [(p.key, p.line) for p in caught.value.problems] == [
        ("run.seed", 2),
        ("data.workers", 4),
        ("data.split", 5),
        ("los", 6),
    ]


def test_files_that_are_no_configurations(tmp_path):
    missing, binary, large = (tmp_path / name for name in ("none.yaml", "x.pkl", "big.yaml"))
    binary.write_bytes(b"\x80\x02}q\x00\xff")
    large.write_bytes(b"# \n" * 400_000)
    for path, reason in (
        (missing, "cannot be read: No such file"),
        (tmp_path, "cannot be read: Is a directory"),
        (binary, "is not a text in UTF-8"),
        (large, "larger than 1 MB"),
    ):
        with pytest.raises(ConfigError, match=reason) as caught:
            load_config(path)
        assert str(path) in str(caught.value)


def test_a_home_folder_is_found_as_in_a_shell(load, home):
    assert load("data: {dataset: ~/HO3D_v3}").data.dataset == str(home / "HO3D_v3")


def test_overrides_are_read_like_the_file():
    config = with_overrides(
        TrainingConfig(),
        [
            "optimisation.learning_rate=1e-3",
            "data.in_memory=true",
            "data.frames=32",
            "data.frames=64",
            "name=second try",
            "run.start_from=",
            "data.hand_model=2026",
        ],
    )
    assert [(change.key, change.value) for change in differences(config, TrainingConfig())] == [
        ("name", "second try"),
        ("data.frames", 64),
        ("data.in_memory", True),
        ("data.hand_model", "2026"),
        ("optimisation.learning_rate", 0.001),
    ]


def test_a_length_that_is_set_takes_the_other_away():
    config = with_overrides(TrainingConfig(), ["run.steps=400"])
    assert (config.run.steps, config.run.epochs) == (400, None)
    config = with_overrides(config, ["run.epochs=7"])
    assert (config.run.steps, config.run.epochs) == (None, 7)
    with pytest.raises(ConfigError, match="9 steps and 7 epochs"):
        with_overrides(config, ["run.epochs=7", "run.steps=9"])


@pytest.mark.parametrize(
    ("assignment", "named"),
    [
        ("demo", ["--set demo", "KEY=VALUE", "before --set"]),
        ("lr=1e-3", ["lr", "did you mean optimisation.learning_rate?"]),
        ("run=3", ["run", "is a section", "run.seed"]),
        ("run.seed=1.5", ["run.seed", "whole number", "1.5"]),
        ("data.in_memory=1", ["data.in_memory", "true or false"]),
        ("data.dataset=", ["data.dataset", "must not be empty"]),
        ("run.seed=[1", ["run.seed", "YAML"]),
        ("run.steps=20", ["optimisation.warmup_steps", "run.steps is 20"]),
        ("data.frames", ["data.frames", "KEY=VALUE"]),
        ("=3", ["is not a key"]),
    ],
)
def test_an_override_that_cannot_be_used_is_named(assignment, named):
    with pytest.raises(ConfigError) as caught:
        with_overrides(TrainingConfig(), [assignment])
    for part in ["--set", *named]:
        assert part in str(caught.value)


def test_values_of_a_form_keep_their_type():
    config = with_values(TrainingConfig(), {"name": "2026", "run.steps": 400}, source="form")
    assert (config.name, config.run.steps, config.run.epochs) == ("2026", 400, None)
    with pytest.raises(ConfigError, match=r"form: run\.seed"):
        with_values(TrainingConfig(), {"run.seed": "7"}, source="form")


def test_differences_give_both_values():
    changed = with_overrides(TrainingConfig(), ["loss.wrist=2"])
    assert differences(changed, TrainingConfig()) == [Difference("loss.wrist", 2.0, 0.5)]
    assert differences(changed, changed) == []


def test_a_configuration_cannot_be_changed_by_accident():
    with pytest.raises(ValueError, match="frozen"):
        TrainingConfig().run.seed = 3


def test_errors_of_the_mapping_need_no_file():
    with pytest.raises(ConfigError, match=r"form: run\.sed: is not a key; did you mean run\.seed"):
        parse_config({"run": {"sed": 3}}, source="form")


def test_reading_a_configuration_needs_no_torch():
    code = "import sys, core.training.presets; sys.exit('torch' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0


def values_of(field: FieldInfo) -> st.SearchStrategy:
    """Any value that a field may have."""
    low = None if field.minimum is None else field.minimum
    if field.kind == "int":
        step = int(field.multiple_of or 1)
        high = int(field.maximum) // step if field.maximum else 10**9
        values = st.integers(-(-int(low) // step), high).map(lambda n: n * step)
    elif field.kind == "float":
        values = st.floats(
            low,
            field.maximum,
            exclude_min=field.exclusive_minimum,
            exclude_max=field.exclusive_maximum,
            allow_nan=False,
            allow_infinity=False,
        )
    elif field.kind == "bool":
        values = st.booleans()
    elif field.kind == "choice":
        values = st.sampled_from(field.choices)
    elif field.key == "name":
        values = st.from_regex(r"[0-9a-zäß]([0-9a-e .+_-]{0,20}[0-9ea-])?", fullmatch=True)
    else:
        # Whatever a path may be, but "~", which stands for the home folder.
        values = st.text(min_size=1).filter(lambda text: not text.startswith("~"))
    return st.none() | values if field.optional else values


@settings(max_examples=100, deadline=None)
@given(st.text("ab:-[]{},&*!|>'\"#%@?<~\\\n\t 019.e_") | st.text())
def test_any_text_is_read_or_refused(text):
    try:
        read_yaml(text, source="text")
    except ConfigError as error:
        assert error.problems


FIELDS = {field.key: field for field in fields(TrainingConfig())}
#: Fields that others constrain; they are tested above.
LINKED = {"run.steps", "run.epochs", "network.heads", "network.token_width", "data.frames"}
LINKED |= {"data.validation_dataset", "loss.keypoints_2d", "run.device"}


@settings(max_examples=30, deadline=None)
@example({"run.start_from": "\x85"})  # a line break of YAML 1.1
@example({"name": "run", "data.dataset": "a\u2028b"})
@given(
    st.fixed_dictionaries(
        {}, optional={k: values_of(field) for k, field in FIELDS.items() if k not in LINKED}
    )
)
def test_what_is_written_is_read_back(values):
    config = with_values(TrainingConfig(), values, source="test")
    written = to_yaml(config)
    assert load_text(written) == config
    # And by any other YAML reader, which takes no text of ours for a number or a truth value.
    elsewhere = yaml.safe_load(written)
    assert elsewhere["name"] == config.name
    assert elsewhere["data"]["dataset"] == config.data.dataset


def load_text(text: str) -> TrainingConfig:
    return parse_config(read_yaml(text, source="text").values, source="text")
