"""The numpy hand against smplx: the same vertices and joints, to a tenth of a nanometre or so."""

import numpy as np
import pytest
import smplx
import torch
from smplx.utils import Struct

from core.conventions import FINGERTIP_VERTICES, MANO_PARENTS
from core.hand.hand_model import ManoParameters
from core.hand.mano_file import load_hand_model

TOLERANCE_MM = 1e-4


@pytest.fixture(scope="module")
def model():
    return load_hand_model()


@pytest.fixture(scope="module")
def mano_layer(model):
    data = Struct(
        v_template=model.template_m,
        f=model.faces,
        shapedirs=model.shape_basis_m,
        posedirs=model.pose_basis_m,
        J_regressor=model.joint_regressor,
        weights=model.skinning_weights,
        kintree_table=np.array([(2**32 - 1, *MANO_PARENTS[1:]), range(16)]),
        hands_components=model.pose_components,
        hands_mean=model.pose_mean_rad,
    )
    return smplx.MANO(
        "",
        data_struct=data,
        is_rhand=True,
        use_pca=False,
        flat_hand_mean=True,
        dtype=torch.float64,
    )


def random_parameters(seed: int) -> ManoParameters:
    rng = np.random.default_rng(seed)
    return ManoParameters(
        global_orient_rad=rng.normal(size=3) * 1.5,
        hand_pose_rad=rng.normal(size=45) * 0.6,
        betas=rng.normal(size=10) * 1.5,
        wrist_mm=rng.normal(size=3) * 300,
    )


@pytest.mark.parametrize("seed", range(20))
def test_posed_hand_equals_smplx(seed, model, mano_layer):
    parameters = random_parameters(seed)
    mesh = model.pose(parameters)
    # MANO's transl is not the wrist: the wrist is J0(betas) + transl.
    transl_m = (parameters.wrist_mm - model.rest_wrist_mm(parameters.betas)) / 1000
    tensors = {
        "global_orient": parameters.global_orient_rad,
        "hand_pose": parameters.hand_pose_rad,
        "betas": parameters.betas,
        "transl": transl_m,
    }
    with torch.no_grad():
        output = mano_layer(**{key: torch.from_numpy(v)[None] for key, v in tensors.items()})
    vertices_mm, joints_mm = output.vertices[0].numpy() * 1000, output.joints[0].numpy() * 1000
    np.testing.assert_allclose(mesh.vertices_mm, vertices_mm, atol=TOLERANCE_MM, rtol=0)
    np.testing.assert_allclose(mesh.joints_mm[:16], joints_mm[:16], atol=TOLERANCE_MM, rtol=0)
    np.testing.assert_allclose(mesh.joints_mm[0], parameters.wrist_mm, atol=1e-9)


@pytest.mark.parametrize("fingertips", FINGERTIP_VERTICES)
def test_tips_are_the_convention_s_vertices_thumb_first(fingertips):
    model = load_hand_model(fingertips=fingertips)
    mesh = model.pose(random_parameters(0))
    expected = mesh.vertices_mm[list(FINGERTIP_VERTICES[fingertips])]
    np.testing.assert_array_equal(mesh.joints_mm[16:], expected)


def test_unknown_convention_is_refused():
    with pytest.raises(ValueError, match="'openpose'"):
        load_hand_model(fingertips="openpose")


def test_all_conventions_take_vertices_of_the_fingers_ends(model):
    ho3d = model.template_m[list(FINGERTIP_VERTICES["ho3d"])]
    for convention in ("smplx", "manopth"):
        other = model.template_m[list(FINGERTIP_VERTICES[convention])]
        assert np.linalg.norm(ho3d - other, axis=1).max() < 0.012


def test_every_tip_continues_its_own_finger(model):
    """The thumb's tip is next to the thumb's last joint (15), and so on: the order of HO-3D."""
    flat = ManoParameters(np.zeros(3), np.zeros(45), np.zeros(10), np.zeros(3))
    joints_mm = model.pose(flat).joints_mm
    last_joints = joints_mm[[15, 3, 6, 12, 9]]
    distances_mm = np.linalg.norm(joints_mm[16:, None] - last_joints[None], axis=2)
    np.testing.assert_array_equal(distances_mm.argmin(1), range(5))


def test_stand_in_says_what_it_is(model):
    assert model.name == "stand-in"
    assert model.is_stand_in
    assert model.is_right


def test_stand_in_is_as_large_as_a_hand(model):
    """Measured on the posed hand, in millimetres: wrist to middle tip, and breadth."""
    flat = ManoParameters(np.zeros(3), np.zeros(45), np.zeros(10), np.zeros(3))
    mesh = model.pose(flat)
    wrist_to_tip_mm = np.linalg.norm(mesh.joints_mm[18] - mesh.joints_mm[0])
    assert 160 < wrist_to_tip_mm < 200
    assert 150 < np.ptp(mesh.vertices_mm, axis=0).max() < 250


def test_stand_in_is_open_at_the_wrist_with_16_edges(model):
    edges = np.sort(np.concatenate([model.faces[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))]))
    _, counts = np.unique(edges, axis=0, return_counts=True)
    assert (counts == 1).sum() == 16
    assert counts.max() == 2
