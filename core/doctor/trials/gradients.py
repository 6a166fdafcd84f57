"""Gradients of a fresh network, term by term and part by part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.doctor.lab import Lab
from core.doctor.subject import NetworkAccess
from core.doctor.trials.shared_work import loss_batch, network, training_terms

#: Numbers of a gradient that cosines are taken over; a huge network has 600 million.
_SAMPLED = 2_000_000
#: Parameters that belong to none of the parts that the network's access names.
OTHER = "other"


@dataclass(frozen=True, kw_only=True, eq=False)
class Gradients:
    """What a batch's loss and its terms say to a network, in training mode.

    Attributes:
        values: Weighted terms.
        norms: Norm of each term's gradient over all parameters.
        cosines: (T, T) between the terms' gradients, in the order of `values`; NaN of a zero one.
        part_norms: Norm of the whole loss's gradient, by part; of what wants a gradient.
        not_finite: Parts in whose gradient something is no finite number.
        frozen: Parts that want no gradient at all.
    """

    values: Mapping[str, float]
    norms: Mapping[str, float]
    cosines: np.ndarray
    part_norms: Mapping[str, float]
    not_finite: tuple[str, ...]
    frozen: tuple[str, ...]

    @property
    def shares(self) -> dict[str, float]:
        """Each term's part of the sum of norms; norms do not add up where terms disagree."""
        total = sum(norm for norm in self.norms.values() if np.isfinite(norm))
        return {name: norm / total if total > 0 else 0.0 for name, norm in self.norms.items()}


def all_parts(access: NetworkAccess, module: nn.Module) -> dict[str, list[nn.Parameter]]:
    """Parameters by part; what no part names is "other". Parts without any are left out."""
    parts = {name: list(parameters) for name, parameters in access.parts(module).items()}
    listed = {id(p) for parameters in parts.values() for p in parameters}
    parts[OTHER] = [p for p in module.parameters() if id(p) not in listed]
    return {name: parameters for name, parameters in parts.items() if parameters}


def gradients(lab: Lab) -> Gradients:
    """Of the fresh network's loss on the batch that losses are looked at on."""
    return lab.shared("gradients", lambda: _measure(lab))


def _measure(lab: Lab) -> Gradients:
    module = network(lab)
    parts = all_parts(lab.subject.network, module)
    parameters = [p for p in module.parameters() if p.requires_grad]
    terms = training_terms(lab, module, loss_batch(lab))
    total = [torch.zeros_like(p) for p in parameters]
    norms, samples = {}, []
    for number, (name, term) in enumerate(terms.items()):
        given = _gradient(term, parameters)
        norms[name] = _norm(given)
        samples.append(_sampled(given))
        for summed, one in zip(total, given, strict=True):
            summed += one
        lab.tick((number + 1) / len(terms))
    by_parameter = {id(p): g for p, g in zip(parameters, total, strict=True)}
    of_part = {
        part: [by_parameter[id(p)] for p in listed if id(p) in by_parameter]
        for part, listed in parts.items()
    }
    return Gradients(
        values={name: float(term.detach()) for name, term in terms.items()},
        norms=norms,
        cosines=_cosines(samples),
        part_norms={part: _norm(given) for part, given in of_part.items()},
        not_finite=tuple(
            part
            for part, given in of_part.items()
            if not all(bool(torch.isfinite(one).all()) for one in given)
        ),
        frozen=tuple(part for part, given in of_part.items() if not given),
    )


def _gradient(term: Tensor, parameters: Sequence[nn.Parameter]) -> list[Tensor]:
    """Of one term by every parameter; zero where it does not depend on it."""
    if not term.requires_grad:
        return [torch.zeros_like(p) for p in parameters]
    given = torch.autograd.grad(term, parameters, retain_graph=True, allow_unused=True)
    return [
        torch.zeros_like(p) if one is None else one.detach()
        for p, one in zip(parameters, given, strict=True)
    ]


def _norm(tensors: Sequence[Tensor]) -> float:
    return float(nn.utils.get_total_norm(tensors)) if tensors else 0.0


def _sampled(tensors: Sequence[Tensor]) -> Tensor:
    """Every so many-th number of a gradient, as one vector on the CPU."""
    step = max(1, sum(tensor.numel() for tensor in tensors) // _SAMPLED)
    return torch.cat([tensor.flatten()[::step].cpu() for tensor in tensors])


def _cosines(samples: Sequence[Tensor]) -> np.ndarray:
    if not samples:
        return np.zeros((0, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        vectors = torch.stack(list(samples)).double()
        products = (vectors @ vectors.T).numpy()
        sizes = np.sqrt(np.diag(products))
        return products / (sizes[:, None] * sizes)
