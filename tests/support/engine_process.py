"""A test's own end of an engine process, with time limits on everything."""

import os
import queue
import subprocess
import threading
import time
from pathlib import Path

import core
from core.messages import Message, MessageReader, encode


class EngineProcess:
    """Starts an engine, sends messages, and waits for answers of a kind."""

    def __init__(self, command: tuple[str, ...]) -> None:
        root = str(Path(core.__file__).parents[1])
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": root},
        )
        self.received: list[Message] = []
        self._answers: queue.Queue[Message] = queue.Queue()
        self._threads = [
            threading.Thread(target=self._read_answers, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        self.stderr = b""
        for thread in self._threads:
            thread.start()

    def _read_answers(self) -> None:
        reader = MessageReader()
        while chunk := os.read(self.process.stdout.fileno(), 1 << 16):
            for message in reader.feed(chunk):
                self._answers.put(message)

    def _read_errors(self) -> None:
        while chunk := os.read(self.process.stderr.fileno(), 1 << 16):
            self.stderr += chunk

    def send(self, *messages: Message) -> None:
        """Send messages in one write."""
        self.process.stdin.write(b"".join(encode(message) for message in messages))
        self.process.stdin.flush()

    def wait_for(self, *kinds: str, timeout_s: float = 60.0) -> Message:
        """The next answer of one of these kinds; others stay in `received`."""
        while True:
            message = self._answers.get(timeout=timeout_s)
            self.received.append(message)
            if message.kind in kinds:
                return message

    def wait_for_stderr(self, text: bytes, timeout_s: float = 60.0) -> None:
        """Wait until the engine has written this to stderr."""
        deadline = time.monotonic() + timeout_s
        while text not in self.stderr:
            assert time.monotonic() < deadline, self.stderr
            time.sleep(0.01)

    def close(self) -> None:
        """End the process, by force where it does not."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=10)
        for thread in self._threads:
            thread.join(timeout=10)
        self.process.stdout.close()
        self.process.stderr.close()
