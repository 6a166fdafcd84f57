"""Is the network what people think it is: are its weights the file's, is there a hand in it?"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial.distance import pdist
from torch import nn

from core.doctor.check import Check, Named, Outcome, Reading, Tier, not_tested
from core.doctor.evidence import Bars, Evidence
from core.doctor.lab import Lab
from core.doctor.subject import Loaded
from core.doctor.trials.shared_work import network

#: Parameters that say where a token is are known by this in their names, in every ViT.
_PLACES = ("pos_emb", "position_emb", "posemb")
#: Share of a file's tensors that may hold one number alone.
_UNIFORM = 0.05


def _run(lab: Lab) -> Outcome:
    loaded = lab.shared("loaded", lab.subject.network.loaded)
    readings: list[Reading] = []
    named: list[Named] = []
    evidence: list[Evidence] = []
    if loaded.source:
        found, bars = _weights(lab, loaded, readings)
        named += found
        evidence.append(bars)
    if loaded.hand is not None:
        named += _hand(lab, loaded.hand, readings)
        evidence.append(_extent_bars(lab, readings[-1].value))
    if not readings:
        return not_tested("network_without_file_and_hand")
    return Outcome(readings=tuple(readings), named=tuple(named), evidence=tuple(evidence))


def _weights(lab: Lab, loaded: Loaded, readings: list[Reading]) -> tuple[list[Named], Bars]:
    matched = loaded.matched / max(loaded.wanted, 1)
    filled = _filled_share(lab, loaded)
    readings += [
        Reading(
            quantity="matched_share",
            value=matched,
            threshold="load.matched_share",
            is_high_bad=False,
        ),
        Reading(
            quantity="filled_share",
            value=filled,
            threshold="load.matched_share",
            is_high_bad=False,
        ),
    ]
    limit = lab.thresholds["load.matched_share"]
    bars = Bars(
        title="load_shares",
        labels=("matched_share", "filled_share"),
        values=np.array([matched, filled]),
        limits=(limit,),
    )
    numbers = {
        "source": loaded.source,
        "matched": loaded.matched,
        "wanted": loaded.wanted,
        "share": filled,
        "skipped": ", ".join(loaded.skipped[:4]) or "?",
    }
    places = [name for name in loaded.skipped if any(part in name for part in _PLACES)]
    if places and len(places) == len(loaded.skipped):
        return [Named(cause="position_embedding_skipped", numbers=numbers)], bars
    # A report of less than all is no fault where everything is seen to come from the file.
    if filled < limit or (matched < limit and filled < 1):
        return [Named(cause="weights_not_loaded", numbers=numbers)], bars
    return [], bars


def _filled_share(lab: Lab, loaded: Loaded) -> float:
    """Share of what the file should fill that is alike in networks of two seeds, at most 1.

    What a file fills cannot depend on the seed; random weights do. Tensors that hold one number
    alone (norms and biases as they start) tell nothing; a file may hold a few of these too.
    """
    first = _fingerprints(network(lab))
    second = _fingerprints(lab.subject.network.build(lab.seed + 1))
    alike = [mark for name, mark in first.items() if second.get(name) == mark]
    telling = sum(not mark.is_uniform for mark in alike)
    forgiven = min(len(alike) - telling, int(_UNIFORM * loaded.wanted))
    return min(1.0, telling / max(loaded.wanted - forgiven, 1))


@dataclass(frozen=True)
class _Fingerprint:
    """What a tensor is known again by; two huge networks need not be held at once."""

    total: float
    square: float
    is_uniform: bool


@torch.no_grad()
def _fingerprints(module: nn.Module) -> dict[str, _Fingerprint]:
    return {
        name: _Fingerprint(
            float(tensor.double().sum()),
            float(tensor.double().square().sum()),
            bool(tensor.min() == tensor.max()),
        )
        for name, tensor in module.state_dict().items()
        if tensor.numel()
    }


def _hand(lab: Lab, vertices_mm: np.ndarray, readings: list[Reading]) -> list[Named]:
    extent_mm = float(pdist(vertices_mm).max()) if np.isfinite(vertices_mm).all() else np.nan
    readings.append(
        Reading(
            quantity="hand_extent_mm",
            value=extent_mm,
            unit="mm",
            threshold="load.smallest_hand_mm",
            is_high_bad=False,
        )
    )
    smallest, largest = (lab.thresholds[f"load.{end}_hand_mm"] for end in ("smallest", "largest"))
    if smallest <= extent_mm <= largest:
        return []
    numbers = {"extent_mm": extent_mm, "smallest_mm": smallest, "largest_mm": largest}
    is_nothing = not extent_mm > lab.thresholds["load.no_hand_mm"]
    return [Named(cause="hand_model_zeros" if is_nothing else "hand_model_size", numbers=numbers)]


def _extent_bars(lab: Lab, extent_mm: float) -> Bars:
    limits = tuple(lab.thresholds[f"load.{end}_hand_mm"] for end in ("smallest", "largest"))
    return Bars(
        title="hand_extent",
        labels=("hand_extent_mm",),
        values=np.array([extent_mm]),
        unit="mm",
        limits=limits,
    )


CHECK = Check(id="load", tier=Tier.SECONDS, needs=("network",), run=_run)
