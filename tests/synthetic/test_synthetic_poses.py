"""Grasps, postures and motion, without rendering."""

import numpy as np
import pytest

from core.conventions import FINGER_JOINTS, FINGERS
from core.hand.hand_model import ManoParameters
from core.synthetic import grasps, objects
from core.synthetic.dataset import SetSettings
from core.synthetic.grasps import GraspingHand
from core.synthetic.kinematics import POSTURES, HandKinematics
from core.synthetic.sequence import pose_frame


@pytest.fixture(scope="module")
def plans(recorder):
    """Some twenty sequences."""
    tasks = SetSettings("v3", 720, 0, 7, sequence_frames=36).tasks()
    return [recorder.plan(task) for task in tasks]


@pytest.fixture(scope="module")
def joints(recorder, plans):
    """Joints (T, 21, 3) in mm of every frame of each plan."""
    return [
        np.array([pose_frame(recorder.model, p, f).joints_mm for f in range(len(p.poses))])
        for p in plans
    ]


def procrustes(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """`source` turned, scaled and shifted onto `target` (Umeyama), independent of core."""
    a, b = source - source.mean(0), target - target.mean(0)
    u, s, vt = np.linalg.svd(a.T @ b)
    flip = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    return a @ (u * flip) @ vt * ((s * flip).sum() / (a**2).sum()) + target.mean(0)


def mean_hand_error_mm(hands: np.ndarray) -> float:
    """PA-MPJPE of the best constant hand: the generalised Procrustes mean."""
    mean = hands[0]
    for _ in range(5):
        mean = np.mean([procrustes(hand, mean) for hand in hands], axis=0)
    errors = [np.linalg.norm(procrustes(mean, hand) - hand, axis=1).mean() for hand in hands]
    return float(np.mean(errors))


def test_constant_mean_hand_is_far_off(joints):
    hands = np.concatenate([sequence[::4] for sequence in joints])
    assert mean_hand_error_mm(hands) >= 12


def test_mean_hand_measure_sees_a_set_without_variety(joints):
    one = joints[0][0]
    rng = np.random.default_rng(0)
    assert mean_hand_error_mm(np.array([one + rng.normal(0, 1, one.shape) for _ in range(9)])) < 3


def test_sequences_move_smoothly(joints):
    for sequence in joints:
        steps = np.diff(sequence, axis=0)
        assert np.linalg.norm(steps, axis=-1).max() < 50, "a joint jumps"
        jolts = np.linalg.norm(np.diff(steps, axis=0), axis=-1)
        assert jolts.max() < 15, "a joint changes its speed at once"


def test_sequences_do_move(joints):
    travelled = [np.linalg.norm(np.diff(j, axis=0), axis=-1).mean(1).sum() for j in joints]
    assert min(travelled) > 20


def test_objects_stand_still_or_move_with_the_hand(plans, joints):
    held = 0
    for plan, sequence in zip(plans, joints, strict=True):
        places = np.array([pose.object_mm for pose in plan.poses])
        moving = np.linalg.norm(np.diff(places, axis=0), axis=1) > 0.05
        gaps = np.linalg.norm(sequence[:, [0, 1, 4, 7]] - places[:, None], axis=-1)
        assert np.abs(np.diff(gaps, axis=0))[moving].max(initial=0) < 0.05, "slips in the hand"
        held += moving.any()
    assert 0.3 * len(plans) < held < 0.95 * len(plans)


def test_hands_are_where_ho3d_has_them(plans, joints):
    depth = np.concatenate([j[:, 0, 2] for j in joints])
    assert depth.min() > 300 and depth.max() < 1000
    inside = [
        ((plan.camera.project(j) > 0) & (plan.camera.project(j) < (640, 480))).all(-1)
        for plan, j in zip(plans, joints, strict=True)
    ]
    shares = np.concatenate([i.mean(1) for i in inside])
    assert shares.mean() > 0.85
    assert (shares < 1).any(), "no hand is cut by the picture's edge"


def test_forearms_do_not_point_at_the_camera(plans):
    from core.geometry.rotation import matrix_from_axis_angle

    for plan in plans:
        arms = [matrix_from_axis_angle(p.hand.global_orient_rad)[:, 0] for p in plan.poses]
        towards = np.array(arms)[:, 2]
        assert towards.min() > -0.6


def test_several_people_take_part(plans):
    people = {tuple(plan.poses[0].hand.betas.round(6)) for plan in plans}
    assert len(people) >= 5


@pytest.mark.parametrize(
    "kind", ["power_grasp", "fingertip_grasp", "pinch_grasp", "tripod_grasp", "lateral_grasp"]
)
def test_kinds_of_grasps_touch(recorder, kind):
    kinematics = HandKinematics.load()
    touching = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        hand = GraspingHand(recorder.model, kinematics, rng.normal(0, 0.9, 10))
        gaps = hand.gaps_m(getattr(grasps, kind)(hand, rng))
        touching.append((gaps[:5] < 0.003).sum())
    assert np.mean(touching) >= 2


def test_random_grasps_hold_without_sinking_in(recorder):
    kinematics = HandKinematics.load()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        betas = rng.normal(0, 0.9, 10)
        hand = GraspingHand(recorder.model, kinematics, betas)
        grasp = grasps.random_grasp(hand, rng)
        wrist_mm = recorder.model.rest_wrist_mm(betas)
        pose = kinematics.hand_pose_rad(grasp.closed_deg)
        mesh = recorder.model.pose(ManoParameters(np.zeros(3), pose, betas, wrist_mm))
        # By the full model, correctives included, not by the skinning that closed the fingers.
        assert grasp.distance_m(mesh.vertices_mm / 1000).min() > -0.006
        tips = grasp.distance_m(mesh.vertices_mm / 1000) < 0.003
        owners = recorder.model.skinning_weights.argmax(1)
        fingers = [tips[np.isin(owners, FINGER_JOINTS[f][:3])].any() for f in FINGERS]
        assert sum(fingers) >= 2


def test_flexion_bends_towards_the_palm(recorder):
    """In rest axes the palm looks along -y: a fist's tips lie below the flat hand's."""
    kinematics, model = HandKinematics.load(), recorder.model
    still = np.zeros(3), np.zeros(10), np.zeros(3)
    fist = ManoParameters(still[0], kinematics.hand_pose_rad(POSTURES["fist"]), *still[1:])
    flat = ManoParameters(still[0], np.zeros(45), *still[1:])
    tips = [model.pose(p).joints_mm[17:] for p in (fist, flat)]
    assert (tips[0][:, 1] < tips[1][:, 1] - 10).all()
    assert (tips[0][:, 0] > tips[1][:, 0] + 40).all(), "they come back towards the wrist (+x)"


@pytest.mark.parametrize("name", sorted(objects.LABELS))
def test_distances_agree_with_the_triangles(name):
    """Against Embree's distance to the mesh, an independent computation."""
    import open3d as o3d

    maker = getattr(objects, name.removeprefix("syn_"))
    solid = maker(np.random.default_rng(1))
    mesh = solid.triangles
    scene = o3d.t.geometry.RaycastingScene(nthreads=1)
    scene.add_triangles(mesh.vertices.astype(np.float32), mesh.faces.astype(np.uint32))
    points = np.random.default_rng(2).uniform(-0.12, 0.12, (2000, 3)).astype(np.float32)
    true = scene.compute_distance(o3d.core.Tensor(points)).numpy()
    ours = solid.distance_m(points)
    assert np.abs(ours - true)[ours > 0].max() < 0.0005
    corners = mesh.vertices[mesh.faces]
    outward = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert ((outward * mesh.normals[mesh.faces].sum(1)).sum(1) > -1e-12).all()
