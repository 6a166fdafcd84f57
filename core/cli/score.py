"""``utnet score``: HO-3D's official figures of a prediction file."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.options import add_json, print_json
from core.cli.progress import ProgressLine

if TYPE_CHECKING:
    from core.evaluation.ho3d_score import Score

NAME = "score"
HELP = "score a prediction file by HO-3D's official protocol"

EPILOG = """\
GT_DIR holds evaluation_xyz.json and evaluation_verts.json, as HO-3D releases them. PRED is
[[N x 21 x 3], [N x 778 x 3]] in metres and OpenGL axes, in the order of the evaluation list: a
pred.json, or a zip with it. Formulas and peculiarities: docs/score.md.
"""

_MOST_JOBS = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "truth", type=Path, metavar="GT_DIR", help="folder with the released ground truth"
    )
    parser.add_argument("prediction", type=Path, metavar="PRED", help="pred.json or a zip with it")
    parser.add_argument(
        "--jobs",
        type=_process_count,
        metavar="N",
        help=f"processes; default: cores, up to {_MOST_JOBS}",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Score and print; ValueError and OSError name the file and what is wrong with it."""
    from core.evaluation.ho3d_score import score_file
    from core.files.workers import available_cores, ended_by_sigterm

    line = ProgressLine("hands")
    with ended_by_sigterm():
        try:
            score = score_file(
                arguments.truth,
                arguments.prediction,
                jobs=arguments.jobs or min(available_cores(), _MOST_JOBS),
                progress=line,
            )
        finally:
            line.end()
    if arguments.json:
        print_json(
            {
                "ground_truth": str(arguments.truth),
                "prediction": str(arguments.prediction),
                "samples": score.samples,
                **asdict(score.scores),
                "suspicions": list(score.suspicions),
            }
        )
    else:
        _print_text(arguments, score)
    return 0


def _print_text(arguments: argparse.Namespace, score: "Score") -> None:
    scores = score.scores
    rows = (
        ("joints", scores.xyz_mean3d_cm, scores.xyz_auc3d),
        (
            "joints, scale-translation aligned",
            scores.xyz_scale_trans_al_mean3d_cm,
            scores.xyz_scale_trans_al_auc3d,
        ),
        (
            "joints, Procrustes aligned",
            scores.xyz_procrustes_al_mean3d_cm,
            scores.xyz_procrustes_al_auc3d,
        ),
        ("mesh", scores.mesh_mean3d_cm, scores.mesh_auc3d),
        ("mesh, Procrustes aligned", scores.mesh_al_mean3d_cm, scores.mesh_al_auc3d),
    )
    print(f"{arguments.prediction}: {score.samples:,} hands\n")
    print(f"{'':<36}{'mean error':>14}{'AUC 0-50 mm':>14}")
    for name, mean_cm, auc in rows:
        print(f"{name:<36}{mean_cm:11.3f} cm{auc:14.3f}")
    print(f"\n{'':<36}{'F@5 mm':>14}{'F@15 mm':>14}")
    print(f"{'mesh':<36}{scores.f_score_5mm:14.3f}{scores.f_score_15mm:14.3f}")
    print(
        f"{'mesh, Procrustes aligned':<36}"
        f"{scores.f_al_score_5mm:14.3f}{scores.f_al_score_15mm:14.3f}"
    )
    for sentence in score.suspicions:
        print(f"\nnote: {sentence}")


def _process_count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"at least 1, not {number}")
    return number
