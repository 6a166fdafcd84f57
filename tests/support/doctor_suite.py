"""The doctor examined: planted faults, pairs of them, and healthy subjects; prints its tables.

    python tests/support/doctor_suite.py plants --results F [--seeds 5] [--first-seed 0] [--jobs 2]
    python tests/support/doctor_suite.py pairs
    python tests/support/doctor_suite.py healthy

Results are appended to --results, one JSON object a line, as they come; what stands there already
is not examined again, so a suite that was ended goes on where it was. `doctor_table.py` makes the
tables of such files.

A planted subject is examined only until its cause has been named: a check further down can never
come before one above it in the diagnosis. Where the cause is a symptom, or is never named, every
check runs.
"""

import argparse
import contextlib
import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from doctor_plants import all_plants
from doctor_plants.plant import Plant
from doctor_runs import healthy_run
from doctor_subjects import healthy_config, healthy_subject

from core.doctor.check import Finding, Tier, Verdict
from core.doctor.diagnosis import SYMPTOMS, diagnose
from core.doctor.own.subject import SAMPLES
from core.doctor.registry import CHECKS
from core.doctor.runner import examine
from core.doctor.subject import Subject
from core.files.embedded import DEMO

#: Noise and number of frames of the healthy subject that a seed plants its fault into.
_NOISE_MM = (0.0, 1.0, 2.0, 4.0, 6.0)
_FRAMES = (32, 48, 24, 40, 32)


@dataclass(frozen=True)
class Result:
    """What became of one subject.

    Attributes:
        plants: Ids of what was planted; empty for a healthy subject.
        wanted: Their true causes.
        seed: Of the subject and the plants.
        named: Causes of the diagnosis in order, faults only.
        warnings: Causes that were warnings.
        crashed: Checks that crashed, with what they said.
        about: Of a healthy subject: what it is.
        seconds: Of the examination.
    """

    plants: tuple[str, ...]
    wanted: tuple[str, ...]
    seed: int
    named: tuple[str, ...]
    warnings: tuple[str, ...]
    crashed: tuple[str, ...]
    about: str = ""
    seconds: float = 0.0


class _Enough(Exception):
    """What was planted has been named."""


def base_subject(seed: int, *, has_network: bool = True) -> Subject:
    """The healthy subject of a seed: some have noisy labels, some few frames."""
    turn = seed % len(_NOISE_MM)
    return healthy_subject(
        seed, frames=_FRAMES[turn], noise_mm=_NOISE_MM[turn], has_network=has_network
    )


def examine_until(
    subject: Subject, wanted: Sequence[frozenset[str]], *, seed: int
) -> list[Finding]:
    """Findings up to the check that names the last of `wanted`, each a set of true names."""
    findings: list[Finding] = []

    def listen(event: object) -> None:
        if not isinstance(event, Finding):
            return
        findings.append(event)
        named = {one.cause for finding in findings for one in finding.outcome.named}
        if wanted and all(names & named and not names & SYMPTOMS for names in wanted):
            raise _Enough

    with contextlib.suppress(_Enough):
        examine(subject, CHECKS, tier=Tier.MINUTES, seed=seed, listen=listen)
    return findings


def result_of(
    findings: Sequence[Finding], plants: Sequence[Plant], seed: int, *, about: str, seconds: float
) -> Result:
    """The diagnosis in short."""
    causes = [cause.named for cause in diagnose(findings)]
    return Result(
        plants=tuple(plant.id for plant in plants),
        wanted=tuple(plant.cause for plant in plants),
        seed=seed,
        named=tuple(n.cause for n in causes if n.verdict is Verdict.FAULT),
        warnings=tuple(n.cause for n in causes if n.verdict is Verdict.WARNING),
        crashed=tuple(
            f"{finding.check}: {finding.outcome.detail}"
            for finding in findings
            if finding.outcome.reason == "crashed"
        ),
        about=about,
        seconds=seconds,
    )


def examine_planted(ids: Sequence[str], seed: int) -> Result:
    """Plant, examine, and say what was named."""
    plants = [plant for id_ in ids for plant in all_plants() if plant.id == id_]
    subject = base_subject(seed, has_network=any(plant.needs_network for plant in plants))
    for plant in plants:
        subject = plant.apply(subject, seed)
    start = time.monotonic()
    wanted = [frozenset({plant.cause}) | plant.accept for plant in plants]
    findings = examine_until(subject, wanted, seed=seed)
    return result_of(findings, plants, seed, about="", seconds=time.monotonic() - start)


# Healthy subjects.


@dataclass(frozen=True)
class Healthy:
    """A healthy configuration: what `healthy_subject` is asked for."""

    seed: int
    frames: int
    noise_mm: float
    changes: tuple[str, ...]
    dataset: str

    @property
    def has_run(self) -> bool:
        """Whether a healthy finished run belongs to it."""
        return self.seed % 2 == 0

    @property
    def about(self) -> str:
        """In words."""
        run = "a finished run, " if self.has_run else ""
        return f"{self.frames} frames, noise {self.noise_mm:g} mm, {run}{' '.join(self.changes)}"


def healthy_ones(count: int, first_seed: int, dataset: str) -> list[Healthy]:
    """Different in size, batch, rotation code, depth, noise, frames, recipe and seed."""
    made = []
    sizes = (32, 32, 48, 76) if dataset == DEMO else (32, 76, 200, 500, 1000, 2000)
    for seed in range(first_seed, first_seed + count):
        generator = np.random.default_rng((seed, 77))
        pick = lambda *options: options[int(generator.integers(len(options)))]  # noqa: B023
        width, heads = pick((64, 2), (64, 4), (128, 4), (192, 6))
        changes = (
            f"network.token_width={width}",
            f"network.heads={heads}",
            f"network.blocks={pick(1, 2, 3, 4)}",
            f"network.rotation={pick('6d', '6d', 'axis_angle')}",
            f"network.depth={pick('true', 'true', 'false')}",
            f"optimisation.batch_size={pick(4, 8, 16, 32)}",
            f"optimisation.learning_rate={pick('3e-4', '6e-4', '1e-3')}",
            f"optimisation.clip_norm={pick('1.0', '1.0', '5.0', '10.0')}",
            f"optimisation.schedule={pick('cosine', 'cosine', 'constant')}",
            f"optimisation.warmup_steps={pick(20, 50, 100, 200)}",
            f"augmentation.enabled={pick('true', 'true', 'true', 'false')}",
        )
        made.append(Healthy(seed, pick(*sizes), pick(0.0, 1.0, 2.0, 4.0, 6.0), changes, dataset))
    return made


def examine_healthy(healthy: Healthy) -> Result:
    """Every check of the minutes tier on a healthy subject."""
    data = (f"data.dataset={healthy.dataset}", f"data.frames={healthy.frames}")
    healthy_config(*healthy.changes, seed=healthy.seed)  # refuses a change that is none
    subject = healthy_subject(
        healthy.seed,
        frames=min(healthy.frames, SAMPLES),
        changes=(*healthy.changes, *data),
        noise_mm=healthy.noise_mm,
    )
    if healthy.has_run:
        generator = np.random.default_rng((healthy.seed, 78))
        run = healthy_run(
            healthy.seed,
            steps=int(generator.integers(300, 5000)),
            scatter=float(generator.uniform(0.05, 0.3)),
            fall=float(generator.uniform(0.4, 0.9)),
        )
        subject = replace(subject, run=run)
    start = time.monotonic()
    findings = examine_until(subject, [], seed=healthy.seed)
    seconds = time.monotonic() - start
    return result_of(findings, (), healthy.seed, about=healthy.about, seconds=seconds)


# The commands.


def single_jobs(arguments: argparse.Namespace) -> list[tuple[Callable, tuple]]:
    """Every plant over every seed."""
    plants = [p for p in all_plants() if not arguments.only or arguments.only in (p.id, p.cause)]
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    return [(examine_planted, ((plant.id,), seed)) for seed in seeds for plant in plants]


def pair_jobs(arguments: argparse.Namespace) -> list[tuple[Callable, tuple]]:
    """Pairs of different causes, drawn at random, in the order data, network, training."""
    plants = all_plants()
    generator = np.random.default_rng(arguments.first_seed)
    every = [
        (a, b) for a, b in itertools.combinations(range(len(plants)), 2)
        if plants[a].cause != plants[b].cause and not _is_symptom(plants[a], plants[b])
    ]  # fmt: skip
    chosen = [every[n] for n in generator.permutation(len(every))[: arguments.pairs]]
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    return [
        (examine_planted, ((plants[a].id, plants[b].id), seed)) for seed in seeds for a, b in chosen
    ]


def _is_symptom(*plants: Plant) -> bool:
    return any(plant.cause in SYMPTOMS for plant in plants)


def healthy_jobs(arguments: argparse.Namespace) -> list[tuple[Callable, tuple]]:
    """Every healthy configuration."""
    ones = healthy_ones(arguments.count, arguments.first_seed, arguments.dataset)
    return [(examine_healthy, (healthy,)) for healthy in ones]


def run_jobs(jobs: Sequence[tuple[Callable, tuple]], workers: int) -> Iterable[Result]:
    """Results as they come."""
    with ProcessPoolExecutor(workers, initializer=_one_thread) as pool:
        waiting = [pool.submit(function, *given) for function, given in jobs]
        for number, done in enumerate(as_completed(waiting), start=1):
            result = done.result()
            print(f"[{number}/{len(jobs)}] {_line(result)}", file=sys.stderr, flush=True)
            yield result


def _line(result: Result) -> str:
    missed = [names for names in accepted(result) if not names & _said(result)]
    return (
        f"{result.seconds:5.1f} s  {'+'.join(result.plants) or result.about} seed {result.seed}: "
        f"{', '.join(result.named) or '-'}"
        + (f"  warns {', '.join(result.warnings)}" if result.warnings else "")
        + (f"  MISSED {', '.join(min(names) for names in missed)}" if missed else "")
        + (f"  CRASHED {result.crashed}" if result.crashed else "")
    )


def read_results(path: Path) -> list[Result]:
    """What `main` wrote, whole lines only."""
    if not path.exists():
        return []
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    listed = ("plants", "wanted", "named", "warnings", "crashed")
    return [Result(**{**row, **{key: tuple(row[key]) for key in listed}}) for row in rows]


def _is_done(job: tuple[Callable, tuple], done: set[tuple]) -> bool:
    given = job[1]
    key = ((), given[0].seed) if isinstance(given[0], Healthy) else (tuple(given[0]), given[1])
    return key in done


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def accepted(result: Result) -> list[frozenset[str]]:
    """For each plant, the names that are true of it."""
    by_id = {plant.id: plant for plant in all_plants()}
    return [frozenset({by_id[i].cause}) | by_id[i].accept for i in result.plants]


def is_first(result: Result) -> bool:
    """Whether the single plant's cause is the diagnosis' first; warnings come after faults."""
    said = (*result.named, *result.warnings)
    return bool(said) and said[0] in accepted(result)[0]


def are_both_named(result: Result) -> bool:
    """Whether every planted cause is in the diagnosis."""
    return all(names & _said(result) for names in accepted(result))


def _said(result: Result) -> set[str]:
    return {*result.named, *result.warnings}


def main() -> None:
    """One command: results into --results, a summary to standard output."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("plants", "pairs", "healthy"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--only", default="")
    parser.add_argument("--dataset", default=DEMO, help="of healthy ones: 2,000 frames or more")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--results", type=Path, required=True)
    arguments = parser.parse_args()
    make = {"plants": single_jobs, "pairs": pair_jobs, "healthy": healthy_jobs}[arguments.what]
    done = {(result.plants, result.seed) for result in read_results(arguments.results)}
    jobs = [job for job in make(arguments) if not _is_done(job, done)]
    with arguments.results.open("a", encoding="utf-8") as file:
        for result in run_jobs(jobs, arguments.jobs):
            file.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")
            file.flush()
    print(_SUMMARIES[arguments.what](read_results(arguments.results)))


def _summary_plants(results: Sequence[Result]) -> str:
    first = sum(map(is_first, results))
    return f"{first} of {len(results)} named first ({first / max(len(results), 1):.1%})"


def _summary_pairs(results: Sequence[Result]) -> str:
    both = sum(map(are_both_named, results))
    return f"both named in {both} of {len(results)} pairs ({both / max(len(results), 1):.1%})"


def _summary_healthy(results: Sequence[Result]) -> str:
    faulty = sum(bool(result.named) for result in results)
    warnings = sum(len(result.warnings) for result in results)
    return f"{len(results)} healthy: {faulty} with a fault, {warnings} warnings"


_SUMMARIES = {
    "plants": _summary_plants,
    "pairs": _summary_pairs,
    "healthy": _summary_healthy,
}


if __name__ == "__main__":
    main()
