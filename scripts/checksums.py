"""Writes resources/checksums.sha256: ``make checksums``, after demo, checkpoint or hand changed."""

from core.doctor.environment.wholeness import checksums, checksums_file
from core.files.durable import write_atomically


def main() -> None:
    """Write the list."""
    path = checksums_file()
    write_atomically(path, checksums(path.parent).encode())


if __name__ == "__main__":
    main()
