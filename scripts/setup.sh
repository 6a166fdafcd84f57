#!/usr/bin/env bash
# Makes a bare checkout runnable: system libraries, a Python, .venv with the pinned versions.
#
#   scripts/setup.sh             what the tests and the command line need
#   scripts/setup.sh --window    also what a real X11 window needs
#
# It may be called before every command: when nothing has changed it only compares a hash.
# PYTHON=/path/to/python3.12 chooses the interpreter. A set-up that failed half-way is done again.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$ROOT/.venv
STAMP=$VENV/.setup-stamp
SUPPORTED="3.11 or 3.12"

# library file : Debian package that brings it
BASE_LIBRARIES="
libEGL.so.1:libegl1
libGL.so.1:libgl1
libusb-1.0.so.0:libusb-1.0-0
libxkbcommon.so.0:libxkbcommon0
libfontconfig.so.1:libfontconfig1
libglib-2.0.so.0:libglib2.0-0
libdbus-1.so.3:libdbus-1-3
"
WINDOW_LIBRARIES="
libxcb-cursor.so.0:libxcb-cursor0
libxkbcommon-x11.so.0:libxkbcommon-x11-0
libxcb-icccm.so.4:libxcb-icccm4
libxcb-keysyms.so.1:libxcb-keysyms1
libxcb-shape.so.0:libxcb-shape0
"

say() { echo "setup: $*" >&2; }
fail() { say "error: $1"; shift; for line in "$@"; do echo "       $line" >&2; done; exit 1; }

# --- system libraries -----------------------------------------------------------------------

known_libraries() { PATH=$PATH:/sbin:/usr/sbin ldconfig -p; }

missing_packages() {  # $1: list of library:package; prints the packages whose library is absent
    local known entry
    known=$(known_libraries)
    for entry in $1; do
        [[ $known == *"${entry%%:*} "* ]] || echo "${entry#*:}"
    done
}

wanted_libraries() {
    echo "$BASE_LIBRARIES"
    # Only Qt's xcb plugin needs the second list.
    if [[ $WINDOW == yes && ${QT_QPA_PLATFORM:-xcb} == xcb* ]]; then
        echo "$WINDOW_LIBRARIES"
    fi
}

may_use_apt() { [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; }

install_packages() {  # package names
    local command="apt-get install -y --no-install-recommends $*"
    if ! command -v apt-get >/dev/null; then
        fail "missing system packages" "Debian calls them: $*" \
            "Install what your system calls them, then run this again."
    fi
    if ! may_use_apt; then
        fail "missing system packages, and only root may install them. Run:" "sudo $command"
    fi
    say "installing system packages: $*"
    export DEBIAN_FRONTEND=noninteractive
    # A fresh container has no package lists yet, hence the second try.
    if ! $command >/dev/null 2>&1; then
        { apt-get update -q && $command; } >&2 || fail "apt-get did not succeed. Run:" "$command"
    fi
}

check_system_libraries() {
    [[ $(uname -s) == Linux ]] || return 0
    if ! known_libraries >/dev/null 2>&1; then
        say "note: no ldconfig here, so the system libraries were not checked"
        return 0
    fi
    local missing
    missing=$(missing_packages "$(wanted_libraries)")
    # shellcheck disable=SC2086  # a list of words
    [[ -z $missing ]] || install_packages $missing
}

# --- Python ---------------------------------------------------------------------------------

python_version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

is_supported() { [[ $1 == 3.11 || $1 == 3.12 ]]; }

can_make_venv() { "$1" -c 'import venv, ensurepip' 2>/dev/null; }

candidates() {
    if [[ -n ${PYTHON:-} ]]; then echo "$PYTHON"; else printf '%s\n' python3.11 python3.12 python3 python; fi
}

fail_without_python() {  # what was seen instead
    fail "UnsupportedPython: Python $SUPPORTED is needed; found:${1:- none}" \
        "Install one (Debian 12: apt-get install python3 python3-venv) or name it:" \
        "make test PYTHON=/path/to/python3.12"
}

find_python() {  # sets FOUND to an interpreter that can build an environment
    local candidate version seen="" without_venv=""
    while read -r candidate; do
        version=$(python_version "$candidate") || continue
        seen="$seen $candidate=$version"
        is_supported "$version" || continue
        if can_make_venv "$candidate"; then FOUND=$candidate; return; fi
        without_venv=${without_venv:-$candidate}
    done < <(candidates)

    [[ -n $without_venv ]] || fail_without_python "$seen"
    install_packages "python$(python_version "$without_venv")-venv"
    can_make_venv "$without_venv" || fail "$without_venv still cannot make a virtual environment"
    FOUND=$without_venv
}

# --- the environment ------------------------------------------------------------------------

hash_files() {
    if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi
}

wanted_stamp() {  # an environment knows its own path, so a moved checkout counts as changed
    { echo "$ROOT"; cat "$ROOT/pyproject.toml" "$ROOT/constraints.txt"; } | hash_files
}

is_up_to_date() {
    [[ -x $VENV/bin/python && -f $STAMP && $(<"$STAMP") == "$(wanted_stamp)" ]]
}

is_usable() {
    [[ -x $VENV/bin/python ]] && is_supported "$(python_version "$VENV/bin/python")" &&
        [[ $("$VENV/bin/python" -c 'import sys; print(sys.prefix)') == "$VENV" ]] &&
        "$VENV/bin/python" -m pip --version >/dev/null 2>&1
}

build_environment() {
    local stamp
    stamp=$(wanted_stamp)  # taken first: a file edited during the installation must count as new
    rm -f "$STAMP"
    if ! is_usable; then
        find_python
        say "creating .venv with $FOUND"
        "$FOUND" -m venv --clear "$VENV" || fail "could not create .venv with $FOUND"
    fi
    say "installing the pinned packages (a first time takes minutes and 2.6 GB)"
    (cd "$ROOT" && "$VENV/bin/python" -m pip install -q -c constraints.txt -e '.[dev]') ||
        fail "pip did not succeed; its message is above. The next call tries again."
    echo "$stamp" >"$STAMP"
    say "done"
}

lock() {  # two commands started at once must not install at the same time
    command -v flock >/dev/null || return 0
    exec 9<"$ROOT"
    flock 9
}

main() {
    WINDOW=no
    [[ ${1:-} == --window ]] && WINDOW=yes
    lock
    check_system_libraries
    is_up_to_date || build_environment
}

main "$@"
