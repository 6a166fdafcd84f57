"""ViTPose's and WiLoR's transformers are imported by name, never silently skipped."""

import pytest
import torch
from safetensors.torch import save_file
from support_network import tiny_network

from core.files.checkpoint_card import CheckpointError
from core.network.backbone import import_backbone

WIDTH, DEPTH = 128, 6  # of the tiny network


def wilor_like(*, width: int = WIDTH, depth: int = DEPTH, prefix: str = "backbone.") -> dict:
    """A state dict with WiLoR's names and shapes, in small."""
    torch.manual_seed(3)
    shapes = {
        "pos_embed": (1, 193, width),
        "patch_embed.proj.weight": (width, 3, 16, 16),
        "patch_embed.proj.bias": (width,),
        "last_norm.weight": (width,),
        "last_norm.bias": (width,),
    }
    for block in range(depth):
        for name, shape in {
            "norm1.weight": (width,),
            "norm1.bias": (width,),
            "attn.qkv.weight": (3 * width, width),
            "attn.qkv.bias": (3 * width,),
            "attn.proj.weight": (width, width),
            "attn.proj.bias": (width,),
            "norm2.weight": (width,),
            "norm2.bias": (width,),
            "mlp.fc1.weight": (4 * width, width),
            "mlp.fc1.bias": (4 * width,),
            "mlp.fc2.weight": (width, 4 * width),
            "mlp.fc2.bias": (width,),
        }.items():
            shapes[f"blocks.{block}.{name}"] = shape
    return {prefix + name: torch.randn(shape) for name, shape in shapes.items()}


@pytest.fixture
def wilor(tmp_path):
    path = tmp_path / "wilor.pth"
    tensors = wilor_like()
    others = {"backbone.decpose.weight": torch.zeros(6, WIDTH), "refine_net.a": torch.zeros(3)}
    torch.save({"state_dict": tensors | others}, path)
    return path


def test_every_tensor_of_a_linear_stem_network_is_found(wilor):
    network = tiny_network(stem="linear")
    report = import_backbone(network, wilor)
    assert len(report.matched) == 5 + 12 * DEPTH
    assert report.missing == ()
    assert report.matched_share == 1.0
    assert set(report.unexpected) == {"decpose.weight", "refine_net.a"}
    file = wilor_like()
    state = network.state_dict()
    for name in ("blocks.3.attn.qkv.weight", "blocks.5.mlp.fc2.bias", "last_norm.weight"):
        assert torch.equal(state[f"vit.{name}"], file[f"backbone.{name}"])
    assert torch.equal(
        state["image_tokens.patch_embed.proj.weight"], file["backbone.patch_embed.proj.weight"]
    )


def test_positions_are_the_patches_with_the_class_position_added(wilor):
    """As ViTPose does at run time: pos_embed[:, 1:] + pos_embed[:, :1]."""
    network = tiny_network(stem="linear")
    import_backbone(network, wilor)
    positions = wilor_like()["backbone.pos_embed"]
    imported = network.image_tokens.pos_embed.detach()
    torch.testing.assert_close(imported[0, 0], positions[0, 1] + positions[0, 0])
    torch.testing.assert_close(imported[0, 191], positions[0, 192] + positions[0, 0])


#: ViTPose's names of a block, and those of torch's own encoder layer.
TORCH_NAMES = {
    "attn.qkv.": "self_attn.in_proj_",
    "attn.proj.": "self_attn.out_proj.",
    "mlp.fc1.": "linear1.",
    "mlp.fc2.": "linear2.",
}


def torch_block(tensors: dict, block: int) -> torch.nn.Module:
    """Block `block` of a state dict as torch's own pre-norm encoder layer."""
    layer = torch.nn.TransformerEncoderLayer(
        WIDTH,
        4,
        4 * WIDTH,
        activation="gelu",
        norm_first=True,
        batch_first=True,
        layer_norm_eps=1e-6,
    )
    weights = {}
    for name, tensor in tensors.items():
        if name.startswith(f"blocks.{block}."):
            name = name.removeprefix(f"blocks.{block}.")
            for theirs, torchs in TORCH_NAMES.items():
                name = name.replace(theirs, torchs)
            weights[name] = tensor
    layer.load_state_dict(weights)
    return layer.eval()


def test_the_imported_transformer_computes_what_the_original_does(tmp_path):
    tensors = {name: 0.05 * tensor for name, tensor in wilor_like(prefix="").items()}
    path = tmp_path / "vitpose.pth"
    torch.save(tensors, path)
    network = tiny_network(stem="linear")
    import_backbone(network, path)
    expected = tokens = torch.randn(2, 10, WIDTH)
    with torch.no_grad():
        for block in range(DEPTH):
            expected = torch_block(tensors, block)(expected)
        expected = torch.nn.functional.layer_norm(
            expected, (WIDTH,), tensors["last_norm.weight"], tensors["last_norm.bias"], 1e-6
        )
        torch.testing.assert_close(network.vit(tokens), expected, atol=1e-4, rtol=1e-4)


def test_bare_vitpose_names_and_safetensors_work_too(tmp_path):
    path = tmp_path / "vitpose.safetensors"
    save_file(wilor_like(prefix=""), path)
    assert import_backbone(tiny_network(stem="linear"), path).complete


def test_a_conv_stem_takes_the_blocks_and_says_what_it_left(wilor):
    report = import_backbone(tiny_network(stem="conv"), wilor)
    assert "vit.blocks.0.norm1.weight" in report.matched
    assert "image_tokens.patch_embed.proj.weight" in report.unexpected
    assert all(name.startswith("image_tokens.patch_embed") for name in report.missing)


@pytest.mark.parametrize(
    ("tensors", "what"),
    [
        (wilor_like(width=96), "another size"),
        (wilor_like(depth=8), "8 blocks, the network has 6"),
        (wilor_like(depth=2), "2 blocks, the network has 6"),
        ({"layer1.conv.weight": torch.zeros(3)}, "no ViTPose or WiLoR transformer"),
        (wilor_like() | {"backbone.pos_embed": torch.zeros(1, 197, WIDTH)}, "pos_embed is"),
        ([1, 2], "holds a list"),
    ],
)
def test_what_does_not_fit_is_named_and_changes_nothing(tmp_path, tensors, what):
    path = tmp_path / "other.pth"
    torch.save(tensors, path)
    network = tiny_network(stem="linear")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(CheckpointError, match=what):
        import_backbone(network, path)
    assert all(torch.equal(before[n], t) for n, t in network.state_dict().items())


def test_one_tensor_missing_in_the_file_is_reported(tmp_path):
    tensors = wilor_like()
    del tensors["backbone.blocks.2.mlp.fc1.bias"]
    path = tmp_path / "lacking.pth"
    torch.save(tensors, path)
    report = import_backbone(tiny_network(stem="linear"), path)
    assert report.missing == ("vit.blocks.2.mlp.fc1.bias",)
    assert "1 missing" in report.summary()
