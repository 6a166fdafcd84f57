"""The suite's results as Markdown: plant × verdict × rank, pairs, healthy ones; misses included.

    python tests/support/doctor_table.py plants.jsonl pairs.jsonl healthy.jsonl > FILE

`--note TEXT` is said at the top.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from doctor_suite import Result, accepted, are_both_named, is_first, read_results

from core.doctor.words import say

HEAD = """# The doctor, examined

Every fault here was planted into a healthy pipeline (the embedded samples, a small network; labels
with 0 to 6 mm of noise, 24 to 48 frames), and the doctor was asked what is wrong. The tables are
what it said, misses included:

    make doctor-suite
"""


def main() -> None:
    """Print all tables for which there are results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--note", default="")
    arguments = parser.parse_args()
    results = [result for file in arguments.files for result in read_results(file)]
    print(HEAD)
    if arguments.note:
        print(f"{arguments.note}\n")
    by_count = {count: [r for r in results if len(r.plants) == count] for count in (1, 2, 0)}
    for count, table in ((1, _plants), (2, _pairs), (0, _healthy)):
        if by_count[count]:
            print("\n".join(table(by_count[count])))
            print()


def _plants(results: Sequence[Result]) -> list[str]:
    by_plant: dict[str, list[Result]] = {}
    for result in results:
        by_plant.setdefault(result.plants[0], []).append(result)
    first = sum(map(is_first, results))
    seeds = sorted({result.seed for result in results})
    return [
        "## Single faults",
        "",
        f"{len(by_plant)} plants of {len({r.wanted[0] for r in results})} causes, seeds "
        f"{seeds[0]} to {seeds[-1]}: the true cause was named first in **{first} of "
        f"{len(results)} ({first / len(results):.1%})**, and at all in {_named_at_all(results)}.",
        "",
        "| plant | true cause | first | rank (median) | otherwise first |",
        "|---|---|---|---|---|",
        *(_plant_row(plant, rows) for plant, rows in by_plant.items()),
    ]


def _named_at_all(results: Sequence[Result]) -> int:
    return sum(_rank(result) is not None for result in results)


def _rank(result: Result) -> int | None:
    said = (*result.named, *result.warnings)
    names = accepted(result)[0]
    return next((place for place, cause in enumerate(said, start=1) if cause in names), None)


def _plant_row(plant: str, rows: Sequence[Result]) -> str:
    ranks = [_rank(row) for row in rows]
    known = sorted(rank for rank in ranks if rank is not None)
    median = str(known[len(known) // 2]) if known else "never named"
    others = Counter(
        (row.named or row.warnings or ("nothing",))[0] for row in rows if not is_first(row)
    )
    otherwise = ", ".join(f"{cause} ({count}×)" for cause, count in others.most_common())
    title = say(f"causes.{rows[0].wanted[0]}.title")
    first = sum(rank == 1 for rank in ranks)
    return f"| {plant} | {title} | {first}/{len(rows)} | {median} | {otherwise} |"


def _pairs(results: Sequence[Result]) -> list[str]:
    both = sum(map(are_both_named, results))
    one = sum(_count_named(result) == 1 for result in results)
    missed = [result for result in results if not are_both_named(result)]
    return [
        "## Pairs of faults",
        "",
        f"{len({r.plants for r in results})} pairs drawn at random, {len(results)} examinations: "
        f"both were named in **{both} of {len(results)} ({both / len(results):.1%})**, one of the "
        f"two in {one}. Those that were not:",
        "",
        "| planted | seed | named |",
        "|---|---|---|",
        *(
            f"| {' + '.join(r.plants)} | {r.seed} | {', '.join((*r.named, *r.warnings)) or '–'} |"
            for r in missed
        ),
    ]


def _count_named(result: Result) -> int:
    said = {*result.named, *result.warnings}
    return sum(bool(names & said) for names in accepted(result))


def _healthy(results: Sequence[Result]) -> list[str]:
    faulty = [result for result in results if result.named]
    warned = [result for result in results if result.warnings]
    seconds = sorted(result.seconds for result in results)
    return [
        "## Healthy subjects",
        "",
        f"{len(results)} healthy configurations (sizes, batches, 6D and axis-angle, RGB and RGB-D, "
        f"label noise up to 6 mm): **{len(faulty)} with a fault, "
        f"{sum(len(r.warnings) for r in results)} warnings**. An examination of all checks of the "
        f"minutes tier took {seconds[len(seconds) // 2]:.0f} s (median; two at once on two cores).",
        "",
        *_healthy_rows([*faulty, *(r for r in warned if not r.named)]),
    ]


def _healthy_rows(results: Sequence[Result]) -> list[str]:
    if not results:
        return []
    return [
        "| healthy subject | faults | warnings |",
        "|---|---|---|",
        *(
            f"| seed {r.seed}: {r.about} | {', '.join(r.named) or '–'} | "
            f"{', '.join(r.warnings) or '–'} |"
            for r in results
        ),
    ]


if __name__ == "__main__":
    main()
