"""Two examinations made by hand, before and beside any runner: one healthy, one that is ill.

The ill one holds every kind of evidence, every verdict, readings with and without thresholds,
numbers that are none, changes to apply, and each reason for not testing.
"""

import string

import numpy as np

from core.conventions import BONES, CROP_SIZE_PX
from core.doctor.check import Finding, Named, Outcome, Reading, Tier, Verdict, not_tested
from core.doctor.evidence import Bars, Curves, Overlay, Scatter, Table
from core.doctor.examination import Cause, Examination
from core.doctor.words import catalogue

CAUSE_PARTS = ("title", "explanation", "why", "remedy")

HEIGHT, WIDTH = CROP_SIZE_PX
STARTED = 1_790_000_000.0

#: An open right hand in the crop, (21, 2) px, HO-3D order.
HAND_PX = np.array(
    [
        (96, 226),
        (70, 150), (64, 112), (60, 84),
        (94, 144), (93, 100), (92, 70),
        (136, 164), (146, 134), (152, 112),
        (116, 150), (121, 110), (124, 82),
        (62, 196), (40, 168), (26, 146),
        (14, 126), (57, 58), (91, 42), (127, 56), (157, 92),
    ],
    dtype=float,
)  # fmt: skip


def picture(seed: int = 0) -> np.ndarray:
    """A (256, 192, 3) picture with something hand-like in it: soft light, limbs where bones are."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    base = 60 + 50 * rows / HEIGHT + 20 * np.sin(columns / 23)
    image = np.stack([base * 0.8, base * 0.85, base * 1.0], axis=-1)
    for parent, child in BONES:
        for share in np.linspace(0, 1, 24):
            x, y = (1 - share) * HAND_PX[parent] + share * HAND_PX[child]
            inside = (columns - x) ** 2 + (rows - y) ** 2 < 11**2
            image[inside] = (214, 168, 140) - 10 * share
    return np.clip(image + rng.normal(0, 5, image.shape), 0, 255).astype(np.uint8)


def numbers_for(cause: str, **known: object) -> dict[str, object]:
    """What is known, and a 1.5 for every other number that the cause's sentences ask for."""
    asked = {
        name
        for part in CAUSE_PARTS
        for _, name, _, _ in string.Formatter().parse(
            catalogue("en").get(f"causes.{cause}.{part}", "")
        )
        if name
    }
    return dict.fromkeys(sorted(asked), 1.5) | known


def healthy_examination() -> Examination:
    """Nothing is wrong; two checks were not asked for."""
    readings = {
        "load": Reading(quantity="matched_share", value=1.0, threshold="load.matched_share"),
        "input": Reading(quantity="black_share", value=0.0, threshold="input.black_share"),
        "targets": Reading(quantity="odd_share", value=0.0),
        "scale": Reading(quantity="extent_mm", value=186.4, unit="mm"),
        "reprojection": Reading(quantity="offset_px", value=0.21, unit="px"),
    }
    findings = tuple(
        Finding(check=check, tier=Tier.SECONDS, outcome=Outcome(readings=(reading,)), seconds=0.4)
        for check, reading in readings.items()
    )
    rest = (
        Finding(check="collapse", tier=Tier.MINUTES, outcome=not_tested("tier")),
        Finding(check="metric", tier=Tier.MINUTES, outcome=not_tested("not_asked")),
    )
    return Examination(
        subject="demo / train, preset demo",
        findings=findings + rest,
        causes=(),
        seconds=3.2,
        started=STARTED,
        command="utnet doctor demo --config demo",
    )


def faulty_examination() -> Examination:
    """Joints in metres first of all, a term that dominates because of it, a learning rate besides.

    The network's prediction cannot be scaled, one check crashed, and a number is not finite.
    """
    scale, balance, rate = _scale(), _loss_balance(), _learning_rate()
    findings = (
        Finding(check="load", tier=Tier.SECONDS, outcome=not_tested("missing", "network")),
        _targets(),
        scale,
        _reprojection(),
        balance,
        Finding(check="oracle", tier=Tier.SECONDS, outcome=not_tested("blocked", "opengl_axes")),
        Finding(check="collapse", tier=Tier.MINUTES, outcome=not_tested("tier")),
        Finding(check="metric", tier=Tier.MINUTES, outcome=not_tested("not_asked")),
        rate,
        Finding(
            check="gradient_flow",
            tier=Tier.MINUTES,
            outcome=not_tested("crashed", "RuntimeError: mat1 and mat2 <shapes> cannot be & more"),
        ),
        _overfit(),
    )
    causes = (
        Cause(named=scale.outcome.named[0], check="scale", explains=("oracle", "loss_balance")),
        Cause(named=rate.outcome.named[0], check="learning_rate"),
        Cause(named=balance.outcome.named[0], check="loss_balance"),
    )
    return Examination(
        subject="HO3D_v3 / train, s1-import.yaml",
        findings=findings,
        causes=causes,
        seconds=94.0,
        started=STARTED,
        command="utnet doctor HO3D_v3 --config s1-import.yaml --tier minutes",
    )


def _targets() -> Finding:
    outcome = Outcome(
        readings=(
            Reading(quantity="odd_share", value=0.0),
            Reading(quantity="largest_beta", value=float("nan"), is_high_bad=True),
        ),
        evidence=(
            Table(
                title="odd_rows",
                columns=("sample", "joint", "value"),
                rows=(("MC1/0012", 0, 1.5), ("MC1/0013", 20, float("inf")), ("MC1/0014", 3, None)),
            ),
        ),
    )
    return Finding(check="targets", tier=Tier.SECONDS, outcome=outcome, seconds=0.2)


def _scale() -> Finding:
    rng = np.random.default_rng(1)
    predicted = rng.normal(186, 6, 32)
    outcome = Outcome(
        readings=(
            Reading(quantity="extent_mm", value=0.1864, unit="mm", is_high_bad=False),
            Reading(quantity="spread_ratio", value=1.02),
        ),
        named=(
            Named(
                cause="joints_in_metres",
                numbers=numbers_for("joints_in_metres", extent_mm=0.1864, factor=0.001),
                where=("MC1/0012", "MC1/0013"),
                changes={"data.joint_unit": "m"},
            ),
        ),
        evidence=(
            Scatter(
                title="scale_prediction_against_label",
                x=predicted / 1000 + rng.normal(0, 0.004, 32),
                y=predicted,
                x_label="label_extent_mm",
                y_label="predicted_extent_mm",
                diagonal=True,
                names=tuple(f"MC1/{row:04d}" for row in range(32)),
            ),
        ),
    )
    return Finding(check="scale", tier=Tier.SECONDS, outcome=outcome, seconds=1.1)


def _reprojection() -> Finding:
    shifted = HAND_PX * 0.9 + (14.0, 9.0)
    outcome = Outcome(
        readings=(Reading(quantity="offset_px", value=1.2, unit="px"),),
        evidence=(
            Overlay(
                title="label_and_projection",
                sample="MC1/0013",
                image=picture(),
                skeletons_px={"label": HAND_PX, "projected": shifted},
            ),
        ),
    )
    return Finding(
        check="reprojection",
        tier=Tier.SECONDS,
        outcome=outcome,
        under=("joints_in_metres",),
        seconds=0.3,
    )


def _loss_balance() -> Finding:
    outcome = Outcome(
        readings=(Reading(quantity="largest_share", value=0.997),),
        named=(
            Named(
                cause="one_term_dominates",
                verdict=Verdict.WARNING,
                numbers=numbers_for("one_term_dominates", term="joints_3d", share=0.997),
                changes={"losses.joints_3d": 0.05},
            ),
        ),
        evidence=(
            Bars(
                title="gradient_shares",
                labels=("keypoints_2d", "joints_3d", "pose", "shape"),
                values=np.array([0.002, 0.997, 0.0008, 0.0002]),
                limits=(0.01, 0.95),
                is_log=True,
            ),
            Bars(
                title="gradient_norms",
                labels=("backbone", "decoders"),
                values=np.array([3.5, np.nan]),
            ),
        ),
    )
    return Finding(check="loss_balance", tier=Tier.SECONDS, outcome=outcome, seconds=2.4)


def _learning_rate() -> Finding:
    steps = np.arange(0.0, 600.0, 5.0)
    ramp = 3e-2 * np.minimum(1, (steps + 1) / 60) * (0.5 + 0.5 * np.cos(np.pi * steps / 600))
    applied = 3e-2 * (0.5 + 0.5 * np.cos(np.pi * steps / 600))
    outcome = Outcome(
        readings=(
            Reading(quantity="learning_rate", value=3e-2),
            Reading(quantity="largest_falling_rate", value=8e-4),
        ),
        named=(
            Named(
                cause="rate_too_high",
                numbers=numbers_for("rate_too_high", learning_rate=3e-2, factor=37.5),
                changes={"optimisation.learning_rate": 4e-4},
            ),
        ),
        evidence=(
            Curves(
                title="learning_rate_by_step",
                x=steps,
                curves={"configured": ramp, "applied": applied},
                x_label="step",
                y_label="learning_rate",
            ),
            Curves(
                title="range_test",
                x=np.geomspace(1e-6, 1, 40),
                curves={
                    "loss": np.concatenate(
                        [np.geomspace(4, 0.6, 26), np.geomspace(0.7, 900, 13), [np.inf]]
                    )
                },
                x_label="learning_rate",
                y_label="loss",
                is_log_x=True,
                is_log_y=True,
                marks={"configured": 3e-2},
            ),
        ),
    )
    return Finding(check="learning_rate", tier=Tier.MINUTES, outcome=outcome, seconds=21.0)


def _overfit() -> Finding:
    steps = np.arange(1.0, 201.0)
    loss = 40 * np.exp(-steps / 30) + 0.5 + 0.3 * np.sin(steps / 3)
    outcome = Outcome(
        readings=(
            Reading(quantity="fall_share", value=0.986, is_high_bad=False),
            Reading(quantity="mpjpe_mm", value=4.1, unit="mm"),
        ),
        evidence=(
            Curves(
                title="overfit_curve",
                x=steps,
                curves={"loss": loss},
                x_label="step",
                y_label="loss",
                is_log_y=True,
            ),
        ),
    )
    return Finding(check="overfit_one_batch", tier=Tier.MINUTES, outcome=outcome, seconds=40.0)
