"""Bytes of a process as they come, lines as they are whole."""

#: No honest line is longer: pictures and arrays are files.
LONGEST_LINE = 32 * 1024 * 1024


class UnreadableLineError(ValueError):
    """A line that is none of the command's; the text says why."""


class LineSplitter:
    """Keeps the rest of a line until its end comes."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, raw: bytes) -> list[bytes]:
        """The lines that are whole now; raises UnreadableLineError for one without an end."""
        self._rest += raw
        *lines, rest = self._rest.split(b"\n")
        self._rest = bytearray(rest)
        if len(self._rest) > LONGEST_LINE:
            raise UnreadableLineError(f"a line of more than {LONGEST_LINE >> 20} MB")
        return [bytes(line) for line in lines if line.strip()]
