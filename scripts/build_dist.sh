#!/usr/bin/env bash
# Builds the wheel and the source package from what git has: scripts/build_dist.sh FOLDER
#
# A clean copy is built, so that nothing that merely lies about in the checkout gets in. The
# environment's own setuptools builds: no index is asked.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

TARGET=$(mkdir -p "$1" && cd "$1" && pwd -P)
COPY=$(mktemp -d)
trap 'rm -rf "$COPY"' EXIT
PYTHON=$PWD/.venv/bin/python

git ls-files -z | while IFS= read -r -d '' file; do [[ -e $file ]] && printf '%s\0' "$file"; done |
    tar --null --files-from=- -c | tar -x -C "$COPY"
cd "$COPY"
for kind in wheel sdist; do  # in processes of their own: setuptools remembers the first build
    "$PYTHON" - "$kind" "$TARGET" >build.log 2>&1 <<'PY' || { cat build.log >&2; exit 1; }
import sys
from setuptools import build_meta

kind, target = sys.argv[1:]
name = getattr(build_meta, f"build_{kind}")(target)
print(f"made {target}/{name}")
PY
    tail -n 1 build.log
    rm build.log
done
