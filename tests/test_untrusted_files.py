"""No module reads a file in a way that could run what is in it (docs/security.md)."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

#: Calls that run code, whatever they are given.
NEVER = {
    *("eval", "exec", "compile", "os.system", "os.popen", "marshal.loads", "marshal.load"),
    *("pickle.load", "pickle.loads", "pickle.Unpickler", "shelve.open", "joblib.load", "dill.load"),
    *("yaml.unsafe_load", "yaml.full_load", "pandas.read_pickle", "torch.hub.load"),
}

#: Calls that are safe with this argument only: its name, the safe value, the library's default.
ONLY_WITH = {
    "np.load": ("allow_pickle", "False", "False"),
    "numpy.load": ("allow_pickle", "False", "False"),
    "torch.load": ("weights_only", "True", ""),  # other versions of torch had another default
}

#: What loaders are called that the modules take from yaml.SafeLoader and yaml.CSafeLoader.
SAFE_LOADERS = {"loader", "_LOADER", "_Loader", "yaml.SafeLoader", "yaml.CSafeLoader"}


#: Stands in the text of whoever calls one of these: most modules need not be parsed.
_TRACE = re.compile(
    r"(?<![.\w])(eval|exec|compile)\(|shell=|"
    + "|".join(re.escape(name) for name in (*NEVER, *ONLY_WITH, "yaml.load") if "." in name)
)


def unsafe_calls(source: str) -> list[str]:
    """What of a module's text could run what a file holds: ``line 3: np.load``."""
    if not _TRACE.search(source):
        return []
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        options = {word.arg: ast.unparse(word.value) for word in node.keywords}
        option, safe, otherwise = ONLY_WITH.get(name, ("", "", ""))
        is_unsafe = name in NEVER or options.get(option, otherwise) != safe
        if name == "yaml.load":
            given = [ast.unparse(one) for one in node.args[1:]] + [options.get("Loader")]
            is_unsafe = not SAFE_LOADERS & set(given)
        if name.startswith("subprocess.") and options.get("shell", "False") != "False":
            is_unsafe = True
        if is_unsafe:
            found.append(f"line {node.lineno}: {name}")
    return found


def test_no_module_reads_files_unsafely():
    found = {}
    for package in ("core", "utnet_viewer", "scripts"):
        for path in (ROOT / package).rglob("*.py"):
            if calls := unsafe_calls(path.read_text(encoding="utf-8")):
                found[path.relative_to(ROOT).as_posix()] = calls
    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "pickle.load(file)",
        "pickle.Unpickler(file).load()",
        "np.load(path, allow_pickle=True)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "yaml.load(text, yaml.Loader)",
        "eval(text)",
        "subprocess.run(text, shell=True)",
    ],
)
def test_a_planted_unsafe_call_is_found(source):
    assert unsafe_calls(source)


@pytest.mark.parametrize(
    "source",
    [
        "np.load(path, allow_pickle=False)",
        "np.load(path)",
        "torch.load(path, weights_only=True)",
        "yaml.load(data, loader)",
        "network.eval()",
        "re.compile('x')",
        "class U(pickle.Unpickler): pass",
    ],
)
def test_what_is_safe_is_left_alone(source):
    assert unsafe_calls(source) == []
