"""``utnet score`` from the command line."""

import json

import numpy as np
import pytest
from official_ho3d import (
    official_figures,
    posed_for_file,
    random_parameters,
    write_prediction_json,
    write_truth,
)

from core.cli.main import main
from core.hand.mano_file import load_hand_model


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("HO3D")
    model = load_hand_model(None)
    truth, predicted = (
        posed_for_file(model, random_parameters(np.random.default_rng(seed), 2)) for seed in (0, 1)
    )
    write_truth(folder, truth)
    write_prediction_json(folder / "pred.json", predicted)
    return folder, official_figures(truth, predicted)


def test_figures_as_json_and_as_text(files, capsys):
    folder, expected = files
    arguments = ["score", str(folder), str(folder / "pred.json"), "--jobs", "1"]
    assert main([*arguments, "--json"]) == 0
    told = capsys.readouterr()
    result = json.loads(told.out)
    assert {name: result[name] for name in expected} == pytest.approx(expected, rel=1e-6)
    assert (result["samples"], result["suspicions"]) == (2, [])
    assert "2/2 hands" in told.err

    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert f"{expected['mesh_al_mean3d_cm']:.3f} cm" in text
    assert f"{expected['f_al_score_15mm']:.3f}" in text


def test_what_is_wrong_is_one_line_and_status_2(files, capsys):
    folder, _ = files
    (folder / "cut.json").write_text((folder / "pred.json").read_text()[:-100])
    assert main(["score", str(folder), str(folder / "cut.json"), "--jobs", "1"]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("utnet score: ") and "cut.json" in error and "cut off" in error


@pytest.mark.parametrize("jobs", ["0", "-1", "many"])
def test_jobs_is_a_number_of_processes(files, jobs, capsys):
    with pytest.raises(SystemExit):
        main(["score", str(files[0]), "pred.json", "--jobs", jobs])
    assert "--jobs" in capsys.readouterr().err
