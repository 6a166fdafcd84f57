"""Finds code that could talk over a network, by reading its imports and names."""

import ast

#: Whoever imports one of these can wait for connections, or call somewhere.
FORBIDDEN = frozenset(
    [
        "aiohttp",
        "asyncio",
        "dash",
        "fastapi",
        "flask",
        "ftplib",
        "grpc",
        "http",
        "httpx",
        "imaplib",
        "multiprocessing.connection",
        "multiprocessing.managers",
        "nntplib",
        "poplib",
        "requests",
        "smtplib",
        "socketserver",
        "ssl",
        "telnetlib",
        "tornado",
        "torch.distributed.rpc",
        "twisted",
        "urllib.request",
        "urllib3",
        "uvicorn",
        "webbrowser",
        "websockets",
        "werkzeug",
        "wsgiref",
        "xmlrpc",
        "zmq",
        "PySide6.QtHttpServer",
        "PySide6.QtNetwork",
        "PySide6.QtRemoteObjects",
        "PySide6.QtWebChannel",
        "PySide6.QtWebEngineCore",
        "PySide6.QtWebEngineWidgets",
        "PySide6.QtWebSockets",
    ]
)

#: Of the module socket only what names this machine.
HARMLESS_OF_SOCKET = frozenset({"gethostname"})

_SOCKET_CLASSES = frozenset({"QTcpServer", "QLocalServer", "QUdpSocket", "QTcpSocket", "TCPStore"})


#: Each of these names stands in the text of whoever uses it: most modules need not be parsed.
_WORDS = {"socket", *_SOCKET_CLASSES, *(name.rpartition(".")[2] for name in FORBIDDEN)}


def network_uses(source: str) -> list[str]:
    """What of a module's text could talk over a network: ``line 3: import http.server``."""
    if not any(word in source for word in _WORDS):
        return []
    found = []
    for node in ast.walk(ast.parse(source)):
        for name in _imported(node):
            parts = name.split(".")
            prefixes = {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
            if prefixes & FORBIDDEN:
                found.append(f"line {node.lineno}: import {name}")
            elif parts[0] == "socket" and len(parts) > 1 and parts[1] not in HARMLESS_OF_SOCKET:
                found.append(f"line {node.lineno}: {name}")
        found += [f"line {node.lineno}: {name}" for name in _used(node)]
    return found


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Call) and _name(node.func) in ("import_module", "__import__"):
        texts = [one.value for one in node.args[:1] if isinstance(one, ast.Constant)]
        return [text for text in texts if isinstance(text, str)]
    return []


def _used(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Attribute):
        if node.attr in _SOCKET_CLASSES:
            return [node.attr]
        is_socket = isinstance(node.value, ast.Name) and node.value.id == "socket"
        if is_socket and node.attr not in HARMLESS_OF_SOCKET:
            return [f"socket.{node.attr}"]
    return [node.id] if isinstance(node, ast.Name) and node.id in _SOCKET_CLASSES else []


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
