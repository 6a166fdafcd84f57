"""Somebody else's repository: ``package.module:factory`` returns a `Subject` of it.

See docs/doctor_adapter.md and its tested example. The module is imported, so its code runs: name
only code that is your own, as with any ``python -m``.
"""

import importlib

from core.doctor.subject import Subject


class AdapterError(ValueError):
    """The adapter cannot be used; the message says which part of it and what to do."""


def load_adapter(text: str) -> Subject:
    """Import ``package.module:factory``, call it without arguments, and check what it returns.

    Raises:
        AdapterError: There is no such module or factory, it failed, or it returned no subject.
    """
    module_name, colon, factory_name = text.partition(":")
    if not colon or not module_name or not factory_name.isidentifier():
        raise AdapterError(f"an adapter is named package.module:factory, not {text!r}")
    try:
        factory = getattr(importlib.import_module(module_name), factory_name)
    except ImportError as error:
        raise AdapterError(
            f"{module_name} cannot be imported ({error}); run from the folder that holds it, or "
            "set PYTHONPATH to it"
        ) from error
    except AttributeError as error:
        raise AdapterError(f"{module_name} has no {factory_name}") from error
    try:
        subject = factory()
    except Exception as error:
        raise AdapterError(f"{text}() failed: {type(error).__name__}: {error}") from error
    if not isinstance(subject, Subject):
        raise AdapterError(
            f"{text}() must return a core.doctor.subject.Subject, not {type(subject).__name__}"
        )
    return subject
