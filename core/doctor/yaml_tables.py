"""Our own YAML tables, read quickly: the window opens them between two frames."""

from pathlib import Path
from typing import Any

import yaml

# libyaml reads the same some ten times faster; wheels of a platform may come without it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_table(file: Path) -> dict[str, Any]:
    """The mapping in a YAML file of `resources/`."""
    return yaml.load(file.read_bytes(), Loader=_LOADER)
