"""The checks of network and loss: silent over healthy subjects, and each planted fault named."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from doctor_checks import causes_of, least_subject, outcome_of, reading
from doctor_plants.network_plants import PLANTS
from doctor_plants.plant import Plant
from doctor_subjects import healthy_subject

from core.doctor.check import Verdict
from core.doctor.lab import Cancelled, Lab
from core.doctor.registry import CHECKS

#: Who names each cause.
OWNER = {
    "weights_not_loaded": "load",
    "position_embedding_skipped": "load",
    "hand_model_zeros": "load",
    "hand_model_size": "load",
    "prediction_in_metres": "prediction_scale",
    "prediction_in_centimetres": "prediction_scale",
    "prediction_wrong_size": "prediction_scale",
    "prediction_focal_divided": "prediction_scale",
    "prediction_in_pixels": "prediction_scale",
    "prediction_keypoints_offset": "prediction_scale",
    "prediction_square_crop": "prediction_scale",
    "prediction_wrong_spread": "prediction_scale",
    "loss_not_zero_for_truth": "oracle",
    "loss_constant_floor": "oracle",
    "labels_not_representable": "free_fit",
    "image_ignored": "collapse",
    "constant_predictor": "collapse",
    "one_term_dominates": "loss_balance",
    "terms_conflict": "loss_balance",
    "sum_reduction": "loss_balance",
    "all_zero_loss": "loss_balance",
    "no_gradient": "gradient_flow",
    "not_finite_gradient": "gradient_flow",
    "part_frozen": "gradient_flow",
    "update_too_large": "gradient_flow",
    "update_too_small": "gradient_flow",
    "vertices_outside_map": "gradient_flow",
    "tokens_transposed": "gradient_flow",
    "features_out_of_place": "gradient_flow",
    "constants_trained": "gradient_flow",
}
#: Maps in no order may be meant; only orders that are known slips are faults.
WARNINGS = {"features_out_of_place"}
OWN_CHECKS = sorted(set(OWNER.values()))


def planted(id_: str) -> Plant:
    return next(plant for plant in PLANTS if plant.id == id_)


def one_per_cause() -> list:
    """The first plant of each cause; further ones of the same cause only with ``-m slow``."""
    seen: set[str] = set()
    given = []
    for plant in PLANTS:
        marks = [pytest.mark.slow] if plant.cause in seen else []  # seconds for each, of dozens
        given.append(pytest.param(plant, id=plant.id, marks=marks))
        seen.add(plant.cause)
    return given


@pytest.mark.parametrize("plant", one_per_cause())
def test_the_planted_fault_is_named_by_its_check(plant: Plant):
    subject = plant.apply(least_subject(), 0)

    outcome = outcome_of(OWNER[plant.cause], subject)

    assert causes_of(outcome)[:1] == [plant.cause]
    is_warning = plant.cause in WARNINGS
    assert outcome.named[0].verdict is (Verdict.WARNING if is_warning else Verdict.FAULT)
    assert outcome.evidence


@pytest.mark.parametrize("name", OWN_CHECKS)
@pytest.mark.parametrize("changes", [(), ("network.depth=false", "network.rotation=axis_angle")])
def test_a_healthy_subject_passes(name: str, changes: tuple[str, ...]):
    subject = healthy_subject(
        1, frames=8, noise_mm=6.0, changes=("network.stem=linear", "network.blocks=1", *changes)
    )

    outcome = outcome_of(name, subject)

    assert outcome.verdict is Verdict.PASS, causes_of(outcome)
    assert np.isfinite(outcome.readings[0].value)


@pytest.mark.parametrize("name", OWN_CHECKS)
def test_labels_that_are_no_numbers_crash_nothing(name: str):
    """They are the finding of a check above; here they must only not raise, nor look like a pass
    of what compares with them."""
    nothing = lambda sample: replace(
        sample,
        joints_mm=np.full((21, 3), np.nan),
        keypoints_norm=np.full((21, 2), np.nan),
    )
    healthy = least_subject()
    subject = replace(healthy, samples=tuple(map(nothing, healthy.samples)))

    outcome = outcome_of(name, subject)

    if name in ("oracle", "free_fit", "prediction_scale", "collapse"):
        assert outcome.verdict is not Verdict.PASS


@pytest.mark.parametrize("name", OWN_CHECKS)
def test_one_sample_is_no_reason_to_crash(name: str):
    subject = least_subject()

    outcome_of(name, replace(subject, samples=subject.samples[:1]))


@pytest.mark.parametrize("name", ["prediction_scale", "free_fit", "loss_balance"])
def test_a_check_can_be_cancelled_on_its_way(name: str):
    def cancel(share: float) -> None:
        raise Cancelled

    check = next(check for check in CHECKS if check.id == name)
    with pytest.raises(Cancelled):
        check.run(Lab(least_subject(), tick=cancel))


def test_checks_leave_the_shared_network_as_it_was():
    """It is handed from check to check; nobody may train it."""
    lab = Lab(least_subject())
    before = {k: v.clone() for k, v in lab.subject.network.build(lab.seed).state_dict().items()}

    for check in CHECKS:
        if check.id in OWN_CHECKS:
            check.run(lab)

    after = lab.shared("network", lambda: None).state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_growth_of_a_sum_is_its_batch():
    """Four times the same samples: exactly four times the sum, and exactly the same mean."""
    healthy = outcome_of("loss_balance", least_subject())
    summed = outcome_of("loss_balance", planted("sum_over_batch").apply(least_subject(), 0))

    assert reading(healthy, "growth_exponent") == pytest.approx(0, abs=1e-4)
    assert reading(summed, "growth_exponent") == pytest.approx(1, abs=1e-4)


def test_the_dominant_term_is_given_a_weight_that_makes_it_equal():
    outcome = outcome_of("loss_balance", planted("joints_in_mm_squared").apply(least_subject(), 0))

    (named,) = [one for one in outcome.named if one.cause == "one_term_dominates"]
    weight = healthy_weight("joints_3d")
    assert named.numbers["term"] == "joints_3d"
    assert named.changes["loss.joints_3d"] == pytest.approx(
        weight / named.numbers["factor"], rel=0.06
    )


def healthy_weight(term: str) -> float:
    return least_subject().training.facts.weights[term]


def test_regularisers_do_not_count_as_a_floor_of_the_loss():
    subject = healthy_subject(
        0,
        frames=4,
        changes=("network.stem=linear", "loss.prior_pose=0.1", "loss.prior_shape=0.01"),
    )

    outcome = outcome_of("oracle", subject)

    assert outcome.verdict is Verdict.PASS
    assert reading(outcome, "left_out_terms") == 3  # both, and the coarse hand's, which holds them


def test_metres_are_told_from_a_hand_that_is_merely_small():
    metres = outcome_of("prediction_scale", planted("prediction_metres").apply(least_subject(), 0))
    healthy = outcome_of("prediction_scale", least_subject())

    ratio = reading(metres, "length_ratio") / reading(healthy, "length_ratio")
    assert ratio == pytest.approx(1e-3, rel=1e-3)


def test_a_frozen_part_of_loaded_weights_is_a_warning():
    """Freezing what is pretrained may be meant; freezing what is random never is."""
    subject = planted("backbone_frozen").apply(least_subject(), 0)
    loaded = planted("stalled_checkpoint").apply(subject, 0)

    (named,) = [
        one for one in outcome_of("gradient_flow", loaded).named if one.cause == "part_frozen"
    ]
    assert named.verdict is Verdict.WARNING


def test_the_layout_of_a_transposed_grid_is_recognised():
    outcome = outcome_of("gradient_flow", planted("grid_12_by_16").apply(least_subject(), 0))

    (named,) = outcome.named
    assert named.numbers["layout"] == "other_width"
    assert named.numbers["layout_share"] > 0.9
    assert reading(outcome, "right_cell_share") < 0.5
