"""Processes that annotate at random and are killed at random; then: is all there that was saved?

    python tests/support/annotation_chaos.py [--edits 1000] [--seed 1] [--folder FOLDER]

Writers change, undo and redo, one or two at a time on one store, and say so of every edit when the
store has said that it is saved. They end by themselves or by SIGKILL, at any moment. Afterwards
every edit that was said to be saved must be there as it was, nothing may be missing in between, and
the history must come to the state that is kept. Exit status 0 where all holds.
"""

import argparse
import os
import random
import select
import signal
import sys
import tempfile
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from made_annotations import SPLIT, a_change

from core.annotation.codec import encode
from core.annotation.records import Edit
from core.annotation.store import AnnotationStore, StoreBusyError, open_store

DATASET = "made up: chaos"


def fingerprint(edit: Edit) -> str:
    """What must be found again of an edit."""
    change = edit.change
    value = encode(change.field, change.value)
    content = value if isinstance(value, bytes) else str(value).encode()
    return f"{edit.id} {edit.kind} {edit.of} {change.frame} {change.field} {zlib.crc32(content)}"


def write(path: Path, seed: int, acts: int, say: int) -> None:
    """A writer: so many acts, each said on a file descriptor when it is saved."""
    draw = random.Random(seed)
    with open_store(path, dataset=DATASET, author=f"writer {seed}") as store:
        for number in range(acts):
            edits = _act(store, draw, seed * 1000 + number)
            if edits:
                os.write(say, "".join(fingerprint(edit) + "\n" for edit in edits).encode())


def _act(store: AnnotationStore, draw: random.Random, seed: int) -> list[Edit]:
    while True:
        try:
            chosen = draw.random()
            if chosen < 0.2:
                return store.undo()
            if chosen < 0.32:
                return store.redo()
            if chosen < 0.4:
                store.settle()
            return store.write(a_change(seed + part) for part in range(draw.choice((1, 1, 1, 3))))
        except StoreBusyError:
            continue  # as the window does


@dataclass
class Writer:
    """A writer's process, and what it has said so far."""

    pid: int
    heard: int  # file descriptor
    said: bytes = b""
    lines: list[str] = field(default_factory=list)

    def hear(self, seconds: float) -> bool:
        """Listen for so long at most; whether there may be more."""
        if not select.select([self.heard], [], [], max(0.0, seconds))[0]:
            return True
        part = os.read(self.heard, 1 << 16)
        self.said += part
        return bool(part)

    def end(self) -> list[str]:
        """Hear the rest; returns the lines that are whole."""
        while self.hear(60):
            pass
        os.close(self.heard)
        _, status = os.waitpid(self.pid, 0)
        is_well = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert is_well or os.waitstatus_to_exitcode(status) == 0, f"a writer failed: {status}"
        return self.said.decode().split("\n")[:-1]


def start(path: Path, seed: int, acts: int) -> Writer:
    """Start a writer; this process must have no store open."""
    heard, say = os.pipe()
    pid = os.fork()
    if pid:
        os.close(say)
        return Writer(pid, heard)
    status = 1
    try:
        os.close(heard)
        write(path, seed, acts, say)
        status = 0
    except BaseException as error:
        print(f"writer {seed}: {error!r}", file=sys.stderr, flush=True)
    finally:
        os._exit(status)
    raise AssertionError("unreachable")


def round_of_writers(path: Path, draw: random.Random, seed: int) -> tuple[list[str], int]:
    """One or two writers at once, killed or not; what they said, and how many were killed."""
    writers = [
        start(path, seed * 10 + at, draw.randint(5, 25)) for at in range(draw.choice((1, 2)))
    ]
    killed = 0
    for writer in writers:
        if draw.random() < 0.75:
            until = time.monotonic() + draw.random() * 0.15
            while time.monotonic() < until and writer.hear(until - time.monotonic()):
                pass
            os.kill(writer.pid, signal.SIGKILL)
            killed += 1
    return [line for writer in writers for line in writer.end()], killed


def problems(path: Path, said: list[str]) -> list[str]:
    """What is not as it was said; empty where all holds."""
    with open_store(path, dataset=DATASET) as store:
        if store.damage:
            return [store.damage]
        kept = {edit.id: fingerprint(edit) for edit in store.since(0)}
        found = [
            f"said to be saved, and not there: {line}"
            for line in said
            if kept.get(int(line.split()[0])) != line
        ]
        if list(kept) != list(range(1, len(kept) + 1)):
            found.append("edits are missing in between")
        if store.replay() != {(SPLIT, frame): state for frame, state in store.states(SPLIT)}:
            found.append("the history does not come to what is kept")
        store.check()
    return found


def run(folder: Path, *, edits: int, seed: int) -> tuple[list[str], str]:
    """Rounds until so many edits were said to be saved; what is wrong, and what was done."""
    draw = random.Random(seed)
    path = folder / "chaos.sqlite"
    said: list[str] = []
    rounds = killed = 0
    while len(said) < edits:
        rounds += 1
        lines, ended = round_of_writers(path, draw, seed * 10_000 + rounds)
        said += lines
        killed += ended
        if rounds % 10 == 0 and (found := problems(path, said)):
            return found, f"round {rounds}"
    done = f"{len(said):,} edits saved in {rounds} rounds, {killed} writers killed"
    return problems(path, said), done


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--edits", type=int, default=1000, help="how many are saved in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the store stays afterwards")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = arguments.folder or Path(folder)
        found, done = run(place, edits=arguments.edits, seed=arguments.seed)
    print(done)
    print("\n".join(found) or "all of them are there, and the history comes to what is kept")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
