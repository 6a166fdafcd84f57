"""Takes the pictures of the window: ``make screenshots``.

Without arguments the README's, into docs/images. With a folder (``ARGS=build/screenshots``) those
to be looked at before a release: small and large windows in both themes.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
THEMES = ("dark", "light")
README_SIZE = "1600x1000"
SIZES = ("1280x800", "1920x1080")


def take(path: Path, *, size: str, theme: str, frame: str | None) -> None:
    """Save the finished window; raises CalledProcessError where that is impossible."""
    command = [sys.executable, str(ROOT / "main.py"), "demo", "--screenshot", str(path)]
    command += ["--size", size, "--theme", theme, "--split", "train"]
    if frame is not None:
        command += ["--frame", frame]
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(command, check=True, env=os.environ | {"QT_QPA_PLATFORM": "offscreen"})
    print(f"{path} ({path.stat().st_size / 1000:.0f} kB)")


def main() -> None:
    """Take one picture after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="for pictures to be looked at")
    parser.add_argument("--frame", metavar="SEQ/ID", help="sample of the demo (default: the first)")
    arguments = parser.parse_args()
    for theme in THEMES:
        if arguments.folder is None:
            path = IMAGES / f"inspect_{theme}.png"
            take(path, size=README_SIZE, theme=theme, frame=arguments.frame)
            continue
        for size in SIZES:
            path = arguments.folder / f"inspect_{theme}_{size}.png"
            take(path, size=size, theme=theme, frame=arguments.frame)


if __name__ == "__main__":
    main()
