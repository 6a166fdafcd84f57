"""The coarse mesh looks at the picture again: graph convolution over MANO's edges to residuals."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from core.conventions import BETA_COUNT, MANO_JOINT_COUNT
from core.hand.hand_model import HandModel

#: Vertex coordinates about the hand's centre, in units of 10 cm, are of the order of one.
_POSITION_UNIT_M = 0.1


@dataclass(frozen=True)
class Residuals:
    """What the refinement adds: pose codes (B, 16, C), betas (B, 10), raw camera (B, 3)."""

    pose_code: Tensor
    betas: Tensor
    camera: Tensor


def normalised_adjacency(faces: np.ndarray, vertex_count: int) -> Tensor:
    """Sparse (V, V): D^-1/2 (A + I) D^-1/2 of the mesh's edges (Kipf and Welling 2017)."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64)
    loops = np.stack([np.arange(vertex_count)] * 2, axis=1)
    pairs = np.unique(np.concatenate([edges, edges[:, ::-1], loops]), axis=0)
    degree = np.bincount(pairs[:, 0], minlength=vertex_count)
    weight = 1 / np.sqrt(degree[pairs[:, 0]] * degree[pairs[:, 1]])
    return torch.sparse_coo_tensor(
        torch.tensor(pairs.T, device="cpu"),
        torch.tensor(weight, dtype=torch.float32, device="cpu"),
        (vertex_count, vertex_count),
        device="cpu",
        is_coalesced=True,
        check_invariants=True,
    )


class GraphConv(nn.Module):
    """Residual graph convolution: x + ReLU(A norm(x) W)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.linear = nn.Linear(width, width)

    def forward(self, vertices: Float[Tensor, "batch verts width"], adjacency: Tensor) -> Tensor:
        mixed = _spread(adjacency, self.linear(self.norm(vertices)))
        return vertices + F.relu(mixed)


def _spread(adjacency: Tensor, vertices: Float[Tensor, "batch verts width"]) -> Tensor:
    """adjacency @ vertices for the whole batch; sparse products exist in full precision only."""
    if not adjacency.is_sparse:
        return adjacency.to(vertices.dtype) @ vertices
    batch, count, width = vertices.shape
    flat = vertices.transpose(0, 1).reshape(count, batch * width)
    with torch.autocast(flat.device.type, enabled=False):
        precise = torch.promote_types(flat.dtype, adjacency.dtype)
        mixed = torch.sparse.mm(adjacency.to(precise), flat.to(precise))
    return mixed.unflatten(1, (batch, width)).transpose(0, 1).to(vertices.dtype)


class GraphRefinement(nn.Module):
    """Samples at the 778 vertices to residuals of pose, shape and camera.

    Vertices are gathered to their joints by the skinning weights: what moves with a joint says
    how the joint should turn.
    """

    adjacency: Tensor
    gather: Tensor
    template: Tensor

    def __init__(
        self,
        hand_model: HandModel,
        *,
        sample_width: int,
        token_width: int,
        graph_width: int,
        layers: int,
        code_size: int,
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(sample_width + 6, graph_width)
        self.layers = nn.ModuleList(GraphConv(graph_width) for _ in range(layers))
        self.last_norm = nn.LayerNorm(graph_width)
        joined = graph_width + token_width
        self.pose = _head(2 * graph_width + token_width, graph_width, code_size)
        self.shape = _head(joined, graph_width, BETA_COUNT)
        self.camera = _head(joined, graph_width, 3)
        self._keep_hand(hand_model)

    def _keep_hand(self, hand_model: HandModel) -> None:
        """Buffers from the hand model; never saved, they come with the program."""
        template = hand_model.template_m - hand_model.template_m.mean(axis=0)
        gather = hand_model.skinning_weights / hand_model.skinning_weights.sum(axis=0)
        adjacency = normalised_adjacency(hand_model.faces, len(template))
        # A CPU saves 99 % of the product by leaving out the zeros. GPUs hardly notice them, and
        # not all of them know sparse tensors: so the sparse one is no buffer and stays here.
        self.sparse_adjacency = adjacency
        self.register_buffer("adjacency", adjacency.to_dense(), persistent=False)
        self.register_buffer("gather", _float32(gather.T), persistent=False)
        self.register_buffer("template", _float32(template / _POSITION_UNIT_M), persistent=False)

    def forward(
        self,
        samples: Float[Tensor, "batch 778 channels"],
        vertices_m: Float[Tensor, "batch 778 3"],
        query_tokens: Float[Tensor, "batch 18 width"],
    ) -> Residuals:
        """`vertices_m` are about the hand's centre; `query_tokens` are the transformer's."""
        batch = len(samples)
        template = self.template.expand(batch, -1, -1)
        known = torch.cat([samples, vertices_m / _POSITION_UNIT_M, template], dim=-1)
        graph = self.embed(known)
        adjacency = self.sparse_adjacency if graph.device.type == "cpu" else self.adjacency
        for layer in self.layers:
            graph = layer(graph, adjacency)
        graph = self.last_norm(graph)
        joints = self.gather.to(graph.dtype) @ graph
        whole = graph.mean(dim=1)
        pose_tokens = query_tokens[:, :MANO_JOINT_COUNT]
        whole_per_joint = whole[:, None].expand(-1, MANO_JOINT_COUNT, -1)
        return Residuals(
            pose_code=self.pose(torch.cat([joints, whole_per_joint, pose_tokens], dim=-1)),
            betas=self.shape(torch.cat([whole, query_tokens[:, -2]], dim=-1)),
            camera=self.camera(torch.cat([whole, query_tokens[:, -1]], dim=-1)),
        )


def _head(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    last = nn.Linear(hidden, outputs)
    # Start near the coarse hand: small, not zero, so that gradients reach what lies before it.
    nn.init.xavier_uniform_(last.weight, gain=0.01)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(inplace=True), last)


def _float32(array: np.ndarray) -> Tensor:
    return torch.tensor(np.array(array), dtype=torch.float32)
