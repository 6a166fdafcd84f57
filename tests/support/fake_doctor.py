"""An examination without torch: speaks as ``utnet doctor --progress`` does, and misbehaves.

    python -P tests/support/fake_doctor.py [OPTIONS] doctor DATASET --config C … --report DIR

    --finds WHAT    faults     the ill examination of doctor_examples (default)
                    healthy    the healthy one
    --behaviour B   examine    everything as it should be
                    hang       says nothing more after the first finding
                    crash      a traceback and status 1 after the first finding
                    killed     kills itself with SIGKILL after the first finding
                    flood      thirty thousand lines of progress
                    garbage    lines that are none of its own between the others
                    endless    one line that never ends
                    stubborn   hangs, and SIGTERM changes nothing
                    refuse     one line on stderr and status 2
                    silent     ends with status 0 and no word
    --delay S       between the checks (default 0)
    --child         starts a process of its own

``command(...)`` stands for (python, -m, core.cli.main). The last command line of an examination is
in ``asked.json`` of its folder.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # -P keeps it off

import doctor_examples

from core.doctor.examination import Examination
from core.doctor.store import finding_to_json, write_examination

BEHAVIOURS = (
    "examine",
    "hang",
    "crash",
    "killed",
    "flood",
    "garbage",
    "endless",
    "stubborn",
    "refuse",
    "silent",
)


def command(*options: str) -> tuple[str, ...]:
    """What stands before "doctor" on the command line."""
    return (sys.executable, "-P", str(Path(__file__).resolve()), *options)


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="fake_doctor")
    parser.add_argument("--finds", choices=("faults", "healthy"), default="faults")
    parser.add_argument("--behaviour", choices=BEHAVIOURS, default="examine")
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--child", action="store_true")
    doctor = parser.add_subparsers(dest="command", required=True).add_parser("doctor")
    doctor.add_argument("dataset")
    doctor.add_argument("--config", required=True)
    doctor.add_argument("--checkpoint")
    doctor.add_argument("--run")
    doctor.add_argument("--adapter")
    doctor.add_argument("--checks", default="")
    doctor.add_argument("--tier", default="minutes")
    doctor.add_argument("--report", type=Path, required=True)
    doctor.add_argument("--progress", action="store_true", required=True)
    return parser.parse_args(argv)


def found(options: argparse.Namespace) -> Examination:
    """What this examination comes to."""
    examples = {
        "faults": doctor_examples.faulty_examination,
        "healthy": doctor_examples.healthy_examination,
    }
    examination = examples[options.finds]()
    wanted = {check for check in options.checks.split(",") if check}
    if not wanted:
        return examination
    findings = tuple(f for f in examination.findings if f.check in wanted)
    causes = tuple(c for c in examination.causes if c.check in wanted)
    return replace(examination, findings=findings, causes=causes)


def say(line: dict) -> None:
    """One line of the stream."""
    print(json.dumps(line, allow_nan=False), flush=True)


def misbehave(behaviour: str) -> None:
    """What happens after the first finding."""
    if behaviour in ("hang", "stubborn"):
        while True:
            time.sleep(60)
    elif behaviour == "crash":
        raise ZeroDivisionError("the fake divided by zero")
    elif behaviour == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif behaviour == "flood":
        for number in range(30_000):
            share = number / 30_000
            print(f'{{"event": "progress", "check": "flood", "share": {share}}}', flush=False)
    elif behaviour == "garbage":
        for line in ("hello", "{", '{"event": "what"}', '{"event": "started"}', "[1, 2]", "\xff"):
            print(line, flush=True)
    elif behaviour == "endless":
        while True:
            sys.stdout.write("x" * (1 << 20))


def examine(options: argparse.Namespace) -> int:
    """Tell of every check, and write everything down."""
    examination, folder = found(options), options.report
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "asked.json").write_text(json.dumps(sys.argv[sys.argv.index("doctor") + 1 :]))
    count = len(examination.findings)
    for number, finding in enumerate(examination.findings, start=1):
        say({"event": "started", "check": finding.check, "index": number, "count": count})
        for share in (0.25, 0.75):
            time.sleep(options.delay / 2)
            say({"event": "progress", "check": finding.check, "share": share})
        say({"event": "finding", "finding": finding_to_json(finding, folder)})
        if number == 1:
            misbehave(options.behaviour)
    write_examination(folder, examination)
    for language in ("en", "zh"):
        (folder / f"report.{language}.html").write_text(f"<p>{language}</p>")
        (folder / f"report.{language}.md").write_text(language)
    say({"event": "finished", "folder": str(folder)})
    return 0 if examination.is_healthy else 1


def main() -> int:
    """Examine, or refuse."""
    options = parse()
    if options.behaviour == "refuse":
        print("utnet doctor: /data: this is no dataset in HO-3D's layout", file=sys.stderr)
        return 2
    if options.behaviour == "silent":
        return 0
    if options.behaviour == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if options.child:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    return examine(options)


if __name__ == "__main__":
    raise SystemExit(main())
