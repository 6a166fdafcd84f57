"""``utnet import-config`` and ``utnet config`` as a person or a script calls them."""

import json
from pathlib import Path

import pytest
import yaml

from core.cli.main import main
from core.training.config import TrainingConfig, load_config
from core.training.config_fields import flat_values
from core.training.presets import preset, preset_names

ORIGINAL = Path(__file__).parent.parent / "support" / "original_config.yaml"


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_new_file_can_be_trained_with(capsys, tmp_path):
    new = tmp_path / "new.yaml"
    status, said, _ = run(capsys, "import-config", ORIGINAL, new)
    assert status == 0
    config = load_config(new)
    assert (config.network.size, config.run.epochs) == ("huge", 70)
    assert new.read_text().startswith("# Imported from original_config.yaml")
    assert said.index("Harmful") < said.index("Not there") < said.index("Taken over")
    assert "loss.w_2d: 0.01 -> loss.keypoints_2d: 5.0" in said
    assert "1,280 px" in said
    assert f"utnet train {new}" in said


def test_json_says_the_same(capsys, tmp_path):
    status, said, _ = run(capsys, "import-config", ORIGINAL, tmp_path / "new.yaml", "--json")
    assert status == 0
    report = json.loads(said)
    assert set(report) == {
        "old",
        "new",
        "mapped",
        "without_counterpart",
        "harmful",
        "missing",
        "unknown",
        "preset",
    }
    by_key = {item["old_key"]: item for item in report["harmful"]}
    assert by_key["optimizer.lr"]["old_value"] == 1e-5
    assert by_key["optimizer.lr"]["key"] == "optimisation.learning_rate"
    assert by_key["optimizer.lr"]["value"] == preset("huge-rgbd").optimisation.learning_rate


def test_a_file_is_replaced_only_when_asked(capsys, tmp_path):
    new = tmp_path / "new.yaml"
    new.write_text("mine")
    status, _, error = run(capsys, "import-config", ORIGINAL, new)
    assert status == 2
    assert str(new) in error
    assert "--overwrite" in error
    assert new.read_text() == "mine"
    assert run(capsys, "import-config", ORIGINAL, new, "--overwrite")[0] == 0
    assert load_config(new).name == "original_config"


@pytest.mark.parametrize(
    ("text", "part"),
    [("name: x", "no key of the original"), ("model: {a: 1", "line 1"), (None, "cannot be read")],
)
def test_what_cannot_be_imported_leaves_no_file(capsys, tmp_path, text, part):
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    if text is not None:
        old.write_text(text)
    status, _, error = run(capsys, "import-config", old, new)
    assert status == 2
    assert str(old) in error
    assert part in error
    assert not new.exists()


@pytest.mark.parametrize("name", preset_names())
def test_an_explained_configuration_is_one(capsys, tmp_path, name):
    status, text, _ = run(capsys, "config", name)
    assert status == 0
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    assert load_config(path) == preset(name)
    assert max(map(len, text.splitlines())) <= 100
    # Every key has its explanation directly above it.
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if not line.lstrip().startswith("#") and line and not line.endswith(":"):
            assert "Default:" in lines[number - 1] + lines[number - 2], line


def test_a_configuration_with_changes(capsys):
    arguments = ("config", "demo", "--set", "optimisation.learning_rate=1e-3", "run.epochs=5")
    _, text, _ = run(capsys, *arguments)
    assert "  learning_rate: 0.001\n" in text
    _, said, _ = run(capsys, *arguments, "--json")
    values = json.loads(said)
    assert (values["run"]["epochs"], values["run"]["steps"]) == (5, None)
    assert values["optimisation"]["learning_rate"] == 0.001


def test_presets_are_listed(capsys):
    _, said, _ = run(capsys, "config")
    for name in preset_names():
        assert name in said
    _, said, _ = run(capsys, "config", "--json")
    assert list(json.loads(said)) == list(preset_names())


def test_the_schema_knows_every_key(capsys):
    _, said, _ = run(capsys, "config", "--schema")
    schema = json.loads(said)
    definitions = {**schema["$defs"], "": schema}
    known = set()
    for name, part in definitions.items():
        assert part["additionalProperties"] is False, name
        known |= set(part["properties"])
    assert known >= {key.rpartition(".")[2] for key in flat_values(TrainingConfig())}


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["dmeo"], "did you mean demo?"),
        (["demo", "--set", "lr=1"], "did you mean optimisation.learning_rate?"),
        (["--set", "run.seed=1"], "name the configuration"),
        (["demo", "--schema"], "name none beside it"),
    ],
)
def test_what_cannot_be_shown_is_said(capsys, arguments, part):
    status, out, error = run(capsys, "config", *arguments)
    assert (status, out) == (2, "")
    assert part in error


def test_the_original_as_it_is_is_told_how_to_import_it(capsys):
    status, _, error = run(capsys, "config", ORIGINAL)
    assert status == 2
    assert f"utnet import-config {ORIGINAL} NEW.yaml" in error


def test_the_fixture_is_what_other_readers_read():
    assert set(yaml.safe_load(ORIGINAL.read_text())) >= {"dataset", "model", "mano", "loss"}
