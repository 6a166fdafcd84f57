"""``utnet config``: what a training would run with, every key explained."""

import argparse
import json

from core.cli.options import add_json, add_overrides

NAME = "config"
HELP = "list the presets, or print a configuration with what each key means"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "config",
        nargs="?",
        metavar="CONFIG",
        help="a preset's name, such as demo, or a YAML file; default: list the presets",
    )
    add_overrides(parser)
    parser.add_argument(
        "--schema", action="store_true", help="print the JSON schema that editors check files with"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print presets, a configuration or the schema."""
    from core.training.config import TrainingConfig, with_overrides
    from core.training.config_text import explained_yaml
    from core.training.presets import named_config

    if arguments.schema:
        if arguments.config is not None or arguments.overrides:
            raise ValueError("--schema is the same for every configuration; name none beside it")
        print(json.dumps(TrainingConfig.model_json_schema(), indent=2, ensure_ascii=False))
        return 0
    if arguments.config is None:
        if arguments.overrides:
            raise ValueError("name the configuration that --set changes, such as demo")
        _print_presets(as_json=arguments.json)
        return 0
    config = with_overrides(named_config(arguments.config), arguments.overrides)
    if arguments.json:
        print(json.dumps(config.model_dump(), indent=2, ensure_ascii=False))
    else:
        print(explained_yaml(config), end="")
    return 0


def _print_presets(*, as_json: bool) -> None:
    from core.training.presets import preset_description, preset_names

    presets = {name: preset_description(name) for name in preset_names()}
    if as_json:
        print(json.dumps(presets, indent=2, ensure_ascii=False))
        return
    for name, description in presets.items():
        print(f"{name:<12}{description}")
    print(
        "\nutnet config NAME > mine.yaml writes one to be changed; utnet train mine.yaml runs it."
    )
