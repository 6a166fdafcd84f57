"""Every sentence of the doctor, in English and Simplified Chinese, in one catalogue.

Checks name causes and give numbers; what is said about them stands in ``resources/doctor/words``,
so that window, report and JSON say the same. A test holds both languages to the same keys and the
same placeholders.
"""

import string
from collections.abc import Mapping
from functools import cache
from typing import Any

from core.doctor.yaml_tables import read_table
from core.files.embedded import resource

LANGUAGES = ("en", "zh")


class _Blanks(string.Formatter):
    """Fills placeholders with numbers; a format such as ``{share:.0%}`` is the catalogue's."""

    def get_field(self, field_name: str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        # Plain names only: no attribute or index of a value is ever looked up.
        if not field_name.isidentifier():
            raise ValueError(f"a placeholder must be a plain name, not {field_name!r}")
        return self.get_value(field_name, args, kwargs), field_name


@cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of a language by dotted key; raises ValueError for an unknown language."""
    if language not in LANGUAGES:
        raise ValueError(f"the doctor speaks {', '.join(LANGUAGES)}, not {language!r}")
    texts: dict[str, str] = {}
    for file in sorted(resource(f"doctor/words/{language}").glob("*.yaml")):
        texts |= _flattened(read_table(file), "")
    return texts


def _flattened(node: Any, prefix: str) -> dict[str, str]:
    if not isinstance(node, dict):
        return {prefix: str(node)}
    found: dict[str, str] = {}
    for key, value in node.items():
        found |= _flattened(value, f"{prefix}.{key}" if prefix else str(key))
    return found


def say(key: str, language: str = "en", /, **numbers: object) -> str:
    """The text of a key with its placeholders filled; raises KeyError for an unknown key."""
    return _Blanks().format(catalogue(language)[key], **numbers)
