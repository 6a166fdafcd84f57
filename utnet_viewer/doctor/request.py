"""What a person asks the doctor to examine, and the command line that says so."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from core.doctor.check import Tier
from core.files.embedded import DEMO
from core.training.config import TrainingConfig, load_config
from core.training.presets import preset
from core.training.run_folder import RunFolder

ConfigKind = Literal["form", "preset", "file", "run"]


@dataclass(frozen=True)
class ConfigChoice:
    """Which configuration: the Train form's draft, a preset, a file's, or a run's.

    Attributes:
        kind: Where it stands.
        value: Name of the preset, path of the file or of the run's folder; "" for the form.
    """

    kind: ConfigKind = "form"
    value: str = ""

    @property
    def words(self) -> str:
        """What people call it."""
        name = Path(self.value).name
        return {"form": "Form in Train", "preset": self.value, "file": name, "run": f"run {name}"}[
            self.kind
        ]

    def load(self, draft: TrainingConfig | None) -> TrainingConfig:
        """The configuration; `draft` is what stands in the form, None while that is not valid.

        Raises:
            ConfigError: It cannot be read or used.
            ValueError: The form has values to correct.
        """
        if self.kind == "form":
            if draft is None:
                raise ValueError("the form in Train has values to correct (F8 goes to the first)")
            return draft
        return preset(self.value) if self.kind == "preset" else load_config(self.file)

    @property
    def file(self) -> Path:
        """The YAML file of a file's or a run's."""
        return RunFolder(self.value).config_file if self.kind == "run" else Path(self.value)


@dataclass(frozen=True, kw_only=True)
class Request:
    """Everything that is examined.

    Attributes:
        dataset: Folder, or "demo".
        config: Its configuration.
        checkpoint: File, or "".
        run: Folder of a run, or "".
        adapter: "package.module:factory" of somebody else's pipeline, or "".
        tier: How much time it may take.
        checks: Ids of the checks that are wanted; all of the tier's where empty.
    """

    dataset: str = DEMO
    config: ConfigChoice = ConfigChoice()
    checkpoint: str = ""
    run: str = ""
    adapter: str = ""
    tier: Tier = Tier.MINUTES
    checks: tuple[str, ...] = ()

    def arguments(self, config: str) -> list[str]:
        """What follows ``utnet doctor``; `config` is a preset's name or a file."""
        given = [self.dataset, "--config", config, "--tier", self.tier.value]
        named = {"--checkpoint": self.checkpoint, "--run": self.run, "--adapter": self.adapter}
        named["--checks"] = ",".join(self.checks)
        return given + [part for name, value in named.items() if value for part in (name, value)]

    @property
    def whole(self) -> "Request":
        """The same with all checks."""
        return replace(self, checks=())

    def is_about(self, other: "Request") -> bool:
        """Whether both ask about the same things, perhaps configured otherwise: what one found
        can stand beside what the other finds."""
        same = replace(self, config=other.config, tier=other.tier, checks=other.checks)
        return same == other

    def with_form(self) -> "Request":
        """The same with what stands in the form."""
        return replace(self, config=ConfigChoice())

    @property
    def dataset_words(self) -> str:
        """What people call the data."""
        return "demo" if self.dataset == DEMO else Path(self.dataset).name

    @property
    def words(self) -> str:
        """One line for a header."""
        parts = [self.dataset_words, self.config.words]
        if self.run and self.config.kind != "run":
            parts.append(f"run {Path(self.run).name}")
        if self.checkpoint:
            parts.append(Path(self.checkpoint).name)
        if self.adapter:
            parts.append(self.adapter)
        return " · ".join(parts)

    def to_json(self) -> dict:
        """Plain values."""
        return asdict(self) | {"tier": self.tier.value, "checks": list(self.checks)}

    @classmethod
    def from_json(cls, said: dict) -> "Request":
        """Take back what `to_json` gave; raises ValueError for anything else."""
        try:
            config = ConfigChoice(str(said["config"]["kind"]), str(said["config"]["value"]))
            texts = {k: str(said[k]) for k in ("dataset", "checkpoint", "run", "adapter")}
            checks = tuple(str(check) for check in said["checks"])
            if config.kind not in ("form", "preset", "file", "run"):
                raise ValueError(f"no such kind of configuration: {config.kind!r}")
            return cls(config=config, tier=Tier(said["tier"]), checks=checks, **texts)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a kept request: {error!r}") from error
