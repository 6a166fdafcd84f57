"""``utnet audit``: measure units, axes and normalisation of labels and predictions."""

import argparse
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.options import add_dataset, add_json, add_network, open_dataset, print_json

if TYPE_CHECKING:
    from core.doctor.audit.check import Finding
    from core.doctor.audit.samples import AuditSample

NAME = "audit"
HELP = "measure whether labels and predictions have the same units, axes and normalisation"

HEALTHY, FAULTS, COULD_NOT_RUN = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_dataset(parser)
    add_network(parser, checkpoint="a network to audit too; without one only labels are tested")
    parser.add_argument(
        "--frames", type=int, default=64, help="how many, evenly over the split; default: 64"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 0 where no fault was found, 1 where one was, 2 where nothing could be."""
    from core.doctor.audit.check import Verdict
    from core.doctor.audit.scale_audit import audit

    if arguments.frames < 1:
        raise ValueError(f"--frames must be at least 1, not {arguments.frames}")
    samples, left_out = _samples(arguments)
    if not samples:
        first = f"; the first: {left_out[0]}" if left_out else ""
        raise ValueError(
            f"none of the {len(left_out)} frames looked at could be audited{first}. "
            "The audit needs labels of all joints"
        )
    findings = audit(samples)
    if arguments.json:
        print_json(_as_json(arguments, samples, left_out, findings))
    else:
        _print_text(samples, left_out, findings)
    verdicts = {finding.outcome.verdict for finding in findings}
    return FAULTS if Verdict.FAULT in verdicts else HEALTHY


def _samples(arguments: argparse.Namespace) -> tuple[list["AuditSample"], list[str]]:
    from core.doctor.audit.samples import read_samples
    from core.hand.mano_file import load_hand_model

    hand_model = load_hand_model(arguments.hand_model)
    index = open_dataset(arguments, hand_model)
    predict = None
    if arguments.checkpoint is not None:
        from core.evaluation.predictor import Predictor

        predict = Predictor(arguments.checkpoint, hand_model, arguments.device).predict
    return read_samples(index, count=arguments.frames, predict=predict)


def _as_json(
    arguments: argparse.Namespace,
    samples: list["AuditSample"],
    left_out: list[str],
    findings: list["Finding"],
) -> dict[str, Any]:
    from core.doctor.audit.check import Verdict

    verdicts = [finding.outcome.verdict for finding in findings]
    checkpoint: Path | None = arguments.checkpoint
    return {
        "dataset": arguments.dataset,
        "split": arguments.split,
        "checkpoint": None if checkpoint is None else str(checkpoint),
        "frames": len(samples),
        "left_out": left_out,
        "counts": {verdict.value: verdicts.count(verdict) for verdict in Verdict},
        "findings": [
            {
                "id": finding.check.id,
                "title": finding.check.title,
                "verdict": finding.outcome.verdict.value,
                "measured": dict(finding.outcome.measured),
                "unit": finding.check.unit,
                "formula": finding.check.formula,
                "threshold": finding.check.threshold,
                "reason": finding.check.reason,
                "explanation": finding.outcome.explanation,
            }
            for finding in findings
        ],
    }


def _print_text(
    samples: list["AuditSample"], left_out: list[str], findings: list["Finding"]
) -> None:
    print(f"{len(samples)} frames audited, {len(left_out)} left out")
    for reason in left_out[:5]:
        print(f"  left out: {reason}")
    for finding in findings:
        _print_finding(finding)


def _print_finding(finding: "Finding") -> None:
    check, outcome = finding.check, finding.outcome
    verdict = outcome.verdict.value.replace("_", " ").upper()
    print(f"\n{verdict:<12}{check.title}  [{check.id}]")
    if outcome.explanation:
        _print_wrapped(outcome.explanation)
    for name, value in outcome.measured.items():
        print(f"{'':<12}{name:<24}{value:12.5g}")
    _print_wrapped(f"Measured: {check.formula} ({check.unit}).")
    _print_wrapped(f"Threshold: {check.threshold}; because {check.reason}.")


def _print_wrapped(text: str) -> None:
    print(textwrap.fill(text, 100, initial_indent=" " * 12, subsequent_indent=" " * 12))
