"""A network's access with one thing gone wrong in it; the rest goes on as it was."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from torch import Tensor, nn

from core.doctor.subject import Answer, Loaded, NetworkAccess, Sample
from core.network.output import HandOutput, UTNetOutput

Samples = Sequence[Sample]
Terms = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True, eq=False)
class Wrapped:
    """`NetworkAccess` over another one.

    Attributes:
        inner: What is wrapped.
        rebuild: Changes each network that is built, in place; told the seed.
        reload: Changes what is said of the starting weights.
        see: Changes the samples before the network gets them.
        reply: Changes what the network says, for everything that hears it.
        label: Changes the samples before the loss gets them.
        weigh: Changes the loss's terms; told the answer and the samples.
    """

    inner: NetworkAccess
    rebuild: Callable[[nn.Module, int], None] | None = None
    reload: Callable[[Loaded], Loaded] | None = None
    see: Callable[[Samples], Samples] | None = None
    reply: Callable[[Answer, Samples], Answer] | None = None
    label: Callable[[Sample], Sample] | None = None
    weigh: Callable[[Terms, Answer, Samples], Terms] | None = None

    @property
    def regularisers(self) -> frozenset[str]:
        return self.inner.regularisers

    def build(self, seed: int) -> nn.Module:
        network = self.inner.build(seed)
        if self.rebuild:
            self.rebuild(network, seed)
        return network

    def loaded(self) -> Loaded:
        loaded = self.inner.loaded()
        return self.reload(loaded) if self.reload else loaded

    def answer(self, network: nn.Module, samples: Samples) -> Answer:
        answer = self.inner.answer(network, self.see(samples) if self.see else samples)
        return self.reply(answer, samples) if self.reply else answer

    def truth(self, samples: Samples) -> Answer:
        return self.inner.truth(samples)

    def terms(self, network: nn.Module, answer: Answer, samples: Samples) -> Terms:
        labelled = [self.label(sample) for sample in samples] if self.label else samples
        terms = self.inner.terms(network, answer, labelled)
        return self.weigh(terms, answer, samples) if self.weigh else terms

    def parts(self, network: nn.Module) -> dict[str, list[nn.Parameter]]:
        return self.inner.parts(network)


def with_hands(answer: Answer, change: Callable[[HandOutput], HandOutput]) -> Answer:
    """The answer of a network of ours both of whose hands are changed: its loss sees it too."""
    raw: UTNetOutput = answer.raw
    final = change(raw.final)
    return replace(
        answer,
        joints_mm=final.joints_mm,
        keypoints_norm=final.keypoints_norm,
        raw=replace(raw, coarse=change(raw.coarse), final=final),
    )
