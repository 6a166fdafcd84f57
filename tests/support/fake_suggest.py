"""Stands in for ``utnet annotations suggest``: says what the first file named in FAKE_SUGGEST says.

The file is JSON: "lines" are printed, "copy" (from, to) puts the result where it belongs before the
last of them, "wait" holds on for ever, "error" goes to stderr with status 2.
"""

import json
import os
import shutil
import sys
import time
from pathlib import Path

orders = json.loads(Path(os.environ["FAKE_SUGGEST"]).read_text())
Path(os.environ["FAKE_SUGGEST"] + ".arguments").write_text(json.dumps(sys.argv[1:]))
for line in orders["lines"]:
    print(json.dumps(line), flush=True)
if orders.get("wait"):
    time.sleep(60)
if "error" in orders:
    print(orders["error"], file=sys.stderr)
    sys.exit(2)
shutil.copyfile(*orders["copy"])
print(json.dumps({"event": "finished", "path": orders["copy"][1], "count": 1}), flush=True)
