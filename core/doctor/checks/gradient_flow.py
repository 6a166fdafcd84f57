"""Does every part learn: gradients, updates, constants, and what the refinement looks at?"""

from collections.abc import Mapping

import numpy as np

from core.doctor.check import Check, Named, Outcome, Reading, Tier, Verdict
from core.doctor.evidence import Bars, Evidence, Scatter
from core.doctor.lab import Lab
from core.doctor.trials.gradients import OTHER, Gradients, gradients
from core.doctor.trials.locality import Locality, measure_locality
from core.doctor.trials.one_step import Movement, measure_movement
from core.doctor.trials.shared_work import answers

#: Fewer parts have no typical one to be held against.
_LEAST_PARTS = 3


def _run(lab: Lab) -> Outcome:
    found = gradients(lab)
    movement = None if lab.subject.training is None else measure_movement(lab)
    lab.tick(0.5)
    inside = _inside(lab)
    locality = measure_locality(lab)
    silent = _silent_parts(found)
    pace = _pace(movement, silent)
    readings = [
        Reading(
            quantity="silent_parts",
            value=float(len({*silent, *found.not_finite})),
            threshold="gradient_flow.silent_parts",
        )
    ]
    if pace:
        readings += [
            Reading(
                quantity="largest_relative_step",
                value=max(pace.values()),
                threshold="gradient_flow.largest_step",
            ),
            Reading(
                quantity="least_relative_step",
                value=min(pace.values()),
                threshold="gradient_flow.least_step",
                is_high_bad=False,
            ),
        ]
    if movement is not None:
        readings.append(
            Reading(
                quantity="moved_constants",
                value=float(len(movement.constants)),
                threshold="gradient_flow.moved_constants",
            )
        )
    readings += _place_readings(inside, locality)
    # First where features are looked for: maps that nobody sees get no gradient either.
    named = [
        *_place_faults(lab, inside, locality),
        *_gradient_faults(found, silent),
        *_movement_faults(lab, found, movement, silent, pace),
    ]
    evidence = _evidence(found, movement, locality)
    return Outcome(readings=tuple(readings), named=tuple(named), evidence=evidence)


def _silent_parts(found: Gradients) -> list[str]:
    """Parts that want a gradient and get none; of a loss of zero nothing gets any."""
    if not any(found.values.values()):
        return []
    parts = found.part_norms.items()
    return [part for part, norm in parts if norm == 0 and part not in found.frozen]


def _gradient_faults(found: Gradients, silent: list[str]) -> list[Named]:
    named = []
    if found.not_finite:
        terms = [name for name, norm in found.norms.items() if not np.isfinite(norm)]
        numbers = {"parts": ", ".join(found.not_finite), "terms": ", ".join(terms) or "?"}
        named.append(Named(cause="not_finite_gradient", numbers=numbers))
    if silent:
        named.append(Named(cause="no_gradient", numbers={"parts": ", ".join(silent)}))
    return named


def _pace(movement: Movement | None, silent: list[str]) -> dict[str, float]:
    """Each part's step over that of the typical part; of those that move at all.

    An optimiser such as Adam moves every number by about its learning rate, so that parts differ
    by their own shares of it alone.
    """
    if movement is None:
        return {}
    moving = {
        part: step
        for part, step in movement.steps.items()
        if part != OTHER and part not in silent and np.isfinite(step) and step > 0
    }
    if len(moving) < _LEAST_PARTS:
        return {}
    typical = float(np.median(list(moving.values())))
    return {part: step / typical for part, step in moving.items()}


def _movement_faults(
    lab: Lab,
    found: Gradients,
    movement: Movement | None,
    silent: list[str],
    pace: Mapping[str, float],
) -> list[Named]:
    if movement is None:
        return []
    named = _frozen(lab, found, movement, silent)
    for cause, is_beyond in (
        ("update_too_large", lambda step: step > lab.thresholds["gradient_flow.largest_step"]),
        ("update_too_small", lambda step: step < lab.thresholds["gradient_flow.least_step"]),
    ):
        parts = [part for part, step in pace.items() if is_beyond(step)]
        if parts:
            worst = max(parts, key=lambda part: abs(np.log(pace[part])))
            numbers = {
                "parts": ", ".join(parts),
                "ratio": movement.ratios[worst],
                "pace": pace[worst],
            }
            named.append(Named(cause=cause, numbers=numbers))
    if movement.constants:
        numbers = {"names": ", ".join(movement.constants[:4]), "count": len(movement.constants)}
        named.append(Named(cause="constants_trained", numbers=numbers))
    return named


def _frozen(lab: Lab, found: Gradients, movement: Movement, silent: list[str]) -> list[Named]:
    """Parts that did not move though others did: without gradient by choice, or forgotten by the
    optimiser. Of weights from a file that may be meant."""
    if not any(step > 0 for step in movement.steps.values()) or found.not_finite:
        return []
    still = [
        part
        for part, step in movement.steps.items()
        if (step == 0 or part in found.frozen) and part not in silent and part != OTHER
    ]
    if not still:
        return []
    has_file = bool(lab.shared("loaded", lab.subject.network.loaded).source)
    numbers = {"parts": ", ".join(still)}
    verdict = Verdict.WARNING if has_file else Verdict.FAULT
    return [Named(cause="part_frozen", numbers=numbers, verdict=verdict)]


def _inside(lab: Lab) -> float | None:
    shares = answers(lab).sampled_share
    return None if shares is None else float(np.median(shares))


def _place_readings(inside: float | None, locality: Locality | None) -> list[Reading]:
    readings = []
    if inside is not None:
        readings.append(
            Reading(
                quantity="inside_share",
                value=inside,
                threshold="gradient_flow.inside_share",
                is_high_bad=False,
            )
        )
    if locality is not None:
        readings += [
            Reading(
                quantity="right_cell_share",
                value=locality.right_share,
                threshold="gradient_flow.right_cell_share",
                is_high_bad=False,
            ),
            Reading(quantity="feature_distance_px", value=locality.distance_px, unit="px"),
        ]
    return readings


def _place_faults(lab: Lab, inside: float | None, locality: Locality | None) -> list[Named]:
    named = []
    if inside is not None and not inside >= lab.thresholds["gradient_flow.inside_share"]:
        named.append(Named(cause="vertices_outside_map", numbers={"share": inside}))
    right = lab.thresholds["gradient_flow.right_cell_share"]
    if locality is not None and locality.right_share < right:
        layout, share = max(locality.layouts.items(), key=lambda item: item[1])
        is_known = share >= right
        numbers = {
            "share": locality.right_share,
            "distance_px": locality.distance_px,
            "layout": layout if is_known else "?",
            "layout_share": share,
        }
        # Attention may speak louder than a cell's own pixels; a wrong layout fits too well for it.
        verdict = Verdict.FAULT if is_known else Verdict.WARNING
        cause = "tokens_transposed" if is_known else "features_out_of_place"
        named.append(Named(cause=cause, numbers=numbers, verdict=verdict))
    return named


def _evidence(
    found: Gradients, movement: Movement | None, locality: Locality | None
) -> tuple[Evidence, ...]:
    drawn: list[Evidence] = [
        Bars(
            title="part_gradients",
            labels=tuple(found.part_norms),
            values=np.array(list(found.part_norms.values())),
            is_log=True,
        )
    ]
    if movement is not None:
        drawn.append(
            Bars(
                title="update_ratios",
                labels=tuple(movement.ratios),
                values=np.array(list(movement.ratios.values())),
                is_log=True,
            )
        )
    if locality is not None:
        for axis, name in enumerate("xy"):
            drawn.append(
                Scatter(
                    title=f"cell_answers_{name}",
                    x=locality.patch_px[:, axis],
                    y=locality.answer_px[:, axis],
                    x_label="patch_px",
                    y_label="answering_cell_px",
                    diagonal=True,
                )
            )
    return tuple(drawn)


CHECK = Check(
    id="gradient_flow",
    tier=Tier.MINUTES,
    needs=("samples", "network"),
    after=("targets/labels_not_finite", "targets/zero_confidence", "load/hand_model_zeros"),
    run=_run,
)
