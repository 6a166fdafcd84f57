"""Nothing here waits for connections or calls anywhere: by its text, and while it runs."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from listening import count_children, listening_sockets
from network_scan import network_uses

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [ROOT / "main.py", *(ROOT / "core").rglob("*.py"), *(ROOT / "utnet_viewer").rglob("*.py")]

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux' books of sockets")


def test_no_module_could_open_a_listener_or_call_anywhere():
    assert len(SOURCES) > 300
    uses = {
        path.relative_to(ROOT).as_posix(): found
        for path in SOURCES
        if (found := network_uses(path.read_text(encoding="utf-8")))
    }
    assert uses == {}


@pytest.mark.parametrize(
    "source",
    [
        "import http.server",
        "def later():\n    from http import server",
        "from PySide6.QtNetwork import QLocalServer",
        "from PySide6 import QtNetwork",
        "import importlib\nimportlib.import_module('flask')",
        "import socket\nsocket.socket()",
        "import socket\nsocket.create_server(('', 0))",
        "from socket import socket",
        "import requests.sessions",
        "from urllib.request import urlopen",
        "from multiprocessing.connection import Listener",
        "import torch.distributed as dist\ndist.TCPStore('localhost', 0)",
    ],
)
def test_a_planted_use_of_the_network_is_found(source):
    assert network_uses(source)


@pytest.mark.parametrize(
    "source",
    ["import socket\nsocket.gethostname()", "import urllib.parse", "import multiprocessing"],
)
def test_what_is_harmless_is_left_alone(source):
    assert network_uses(source) == []


TCP = "s = socket.create_server(('127.0.0.1', 0))"
UNIX = "s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()"


@on_linux
@pytest.mark.parametrize(("opened", "kind"), [(TCP, "tcp"), (UNIX, "unix")])
def test_a_planted_listener_is_seen(tmp_path, opened, kind):
    code = f"import socket, sys; {opened}; print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(tmp_path / "s")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        (found,) = listening_sockets(child.pid)
        child.stdin.close()
    assert f": {kind} " in found


@on_linux
@pytest.mark.slow  # the real window with the real engine
@pytest.mark.timeout(300)
def test_the_whole_program_listens_nowhere(tmp_path):
    command = [sys.executable, "-m", "utnet_viewer.app", "demo"]
    command += ["--screenshot", str(tmp_path / "window.png")]
    found: set[str] = set()
    processes = 0
    with subprocess.Popen(command, cwd=ROOT) as window:
        while window.poll() is None:
            found.update(listening_sockets(window.pid))
            processes = max(processes, count_children(window.pid))
            time.sleep(0.1)
    assert window.returncode == 0 and processes >= 1
    assert found == set()
