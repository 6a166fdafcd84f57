"""Import the original UTNet's config.yaml: what each of its keys is here, or why it is not.

Harmful are values that were measured to keep the original from learning; the new configuration
has what is recommended instead. Nothing of the old file passes without a word.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.training import legacy_rules as rules
from core.training import legacy_training as training
from core.training.config import ConfigError, ConfigProblem, TrainingConfig, with_values
from core.training.config_yaml import read_yaml_file
from core.training.legacy_notes import DatasetFacts, Notes
from core.training.legacy_report import ImportReport
from core.training.presets import preset

_KEYS = {
    "dataset": "name root_dir split img_size input_modal p_drop version cube_size color_factor",
    "model": "img_size patch_size embed_dim vit_depth vit_num_heads num_hand_joints num_vertices "
    "num_scales focal_length joint_rep_type pretrained_weights",
    "mano": "model_path mean_params_path",
    "loss": "w_2d w_3d_joint w_3d_vert w_prior w_aux use_vertex_loss use_aux_loss",
    "training": "batch_size num_workers num_epochs learning_rate weight_decay warmup_epochs "
    "save_dir log_dir save_freq test_freq val_split_ratio",
    "optimizer": "type lr weight_decay betas",
    "scheduler": "type T_max eta_min",
    "augmentation": "sigma_com sigma_sc rot_range",
}
#: Every key of the original, dotted.
ORIGINAL_KEYS = frozenset(
    f"{section}.{name}" for section, names in _KEYS.items() for name in names.split()
)
#: What a network of each size starts from where the old file says nothing.
_PRESETS = {"base": "base-rgbd", "large": "huge-rgbd", "huge": "huge-rgbd"}


def import_config(path: Path | str) -> tuple[TrainingConfig, ImportReport]:
    """Read an original config.yaml.

    Returns:
        The configuration to train with, and what became of every key.

    Raises:
        ConfigError: The file cannot be read, is not YAML, or is not an original configuration.
    """
    path = Path(path)
    old = _flat(read_yaml_file(path).values)
    if not ORIGINAL_KEYS & old.keys():
        message = "has no key of the original UTNet's config.yaml (dataset, model, training, …)"
        raise ConfigError(str(path), [ConfigProblem("", message)])
    width = old.get("model.embed_dim")
    size = rules.named_size(width if isinstance(width, int) else None)
    preset_name = _PRESETS.get(size, "")
    base = preset(preset_name) if preset_name else TrainingConfig()
    notes = Notes(old, path, base)
    _apply_rules(notes)
    values = {"name": _run_name(path)} | notes.values
    config = with_values(base, values, source=str(path))
    return config, notes.report(preset_name or "defaults", ORIGINAL_KEYS)


def _apply_rules(notes: Notes) -> None:
    facts = DatasetFacts.of(notes.path("dataset.root_dir"))
    rules.import_dataset(notes, facts)
    rules.import_fixed_sizes(notes)
    rules.import_widths(notes)
    rules.import_heads_of_network(notes)
    rules.import_weights(notes)
    rules.import_hand_model(notes)
    rules.import_loss_weights(notes)
    training.import_length(notes, facts)
    training.import_optimiser(notes)
    training.import_schedule(notes)
    training.import_validation(notes, facts)
    training.import_augmentation(notes)


def _flat(values: Any) -> dict[str, Any]:
    """Sections to dotted keys; a section that is empty or no section is a key itself."""
    flat: dict[str, Any] = {}
    for section, content in (values if isinstance(values, Mapping) else {}).items():
        if isinstance(content, Mapping):
            flat |= {f"{section}.{name}": value for name, value in content.items()}
        elif content is not None:
            flat[str(section)] = content
    return flat


def _run_name(path: Path) -> str:
    name = "".join(c if c.isalnum() or c in "._+-" else "-" for c in path.stem).strip("._+-")
    return name[:60] or "imported"
