"""Stands in for ``utnet render``: says what it would say, as its first argument wants it.

``fake_renderer.py good|fails|endless render …``
"""

import json
import sys
import time
from pathlib import Path


def say(**line: object) -> None:
    print(json.dumps(line), flush=True)


def main() -> int:
    kind, options = sys.argv[1], dict(word.split("=", 1) for word in sys.argv[2:] if "=" in word)
    out = Path(options["--out"])
    part = out.with_name(f".{out.name}.part.mp4")
    part.write_bytes(json.dumps(sys.argv[2:]).encode())
    say(event="writing", part=str(part))
    say(event="started", total=4, done=0)
    for done in range(1, 5):
        say(event="progress", done=done, total=4, rate=2.0, eta_s=(4 - done) / 2)
    while kind == "endless":
        time.sleep(0.05)
    if kind == "fails":
        part.unlink()
        print("utnet render: only 3 of 4 frames were written", file=sys.stderr)
        return 2
    part.replace(out)
    say(event="finished", file=str(out))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
