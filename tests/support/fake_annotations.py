"""Stands in for ``utnet annotations``: ``fake_annotations.py endless|fails annotations …``."""

import json
import signal
import sys
import time


def main() -> int:
    kind = sys.argv[1]
    if kind == "fails":
        print("utnet annotations: the disk went away; plug it in again", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(json.dumps({"event": "progress", "done": 1, "total": 4}), flush=True)
    while True:
        time.sleep(0.05)


if __name__ == "__main__":
    raise SystemExit(main())
