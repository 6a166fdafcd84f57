"""COCO files: read by pycocotools, which is not ours, and by our own reader, back into the same."""

import contextlib
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from annotated_tree import (
    NAMES,
    correction_of,
    free_2d,
    full_state,
    make_tree,
    nothing_told,
    open_tree,
    spoken,
)
from ho3d_tree import CAMERA, Tree, hand_in_opengl
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from core.annotation.coco import KEYPOINT_NAMES, write_coco
from core.annotation.coco_reader import read_coco
from core.annotation.merge import ImportRefusedError
from core.annotation.outgoing import ExportError
from core.annotation.records import FrameState, ReviewState
from core.data.opening import open_dataset
from core.hand.mano_file import load_hand_model


@pytest.fixture(scope="module")
def model():
    return load_hand_model(None)


@pytest.fixture(scope="module")
def index(model, tmp_path_factory):
    place = tmp_path_factory.mktemp("coco")
    tree = make_tree(place / "HO3D", model)
    return open_tree(tree, model, place / "cache")


def write(path, index, states):
    return write_coco(path, index, spoken(states), tell=nothing_told)


def read(path, index):
    return read_coco(path, index, tell=nothing_told)


def test_pycocotools_reads_it_and_scores_the_labels_against_themselves_as_perfect(
    index, model, tmp_path
):
    states = {
        "MC1/0001": full_state(model, 1),
        "MC1/0002": FrameState(free_2d(model, 2)),
        "SB3/0007": FrameState(review=ReviewState.REJECTED),
    }
    out = write(tmp_path / "hands.json", index, states)
    assert (out.frames, out.notes) == (3, ())
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(out.path))
        (category,) = truth.loadCats(truth.getCatIds())
        annotations = truth.loadAnns(truth.getAnnIds())
        answers = [{**one, "score": 1.0} for one in annotations]
        score = COCOeval(truth, truth.loadRes(answers), "keypoints")
        score.params.kpt_oks_sigmas = np.full(21, 0.05)
        score.evaluate()
        score.accumulate()
        score.summarize()
    assert score.stats[0] == pytest.approx(1.0)
    assert category["keypoints"][0] == "wrist" and len(set(category["keypoints"])) == 21
    images = truth.loadImgs(truth.getImgIds())
    assert [image["file_name"] for image in images] == [
        "train/MC1/rgb/0002.jpg",  # in the list's order
        "train/SB3/rgb/0007.jpg",
        "train/MC1/rgb/0001.jpg",
    ]
    assert {(image["width"], image["height"]) for image in images} == {(640, 480)}


def test_every_bone_joins_neighbours_by_name(index, model, tmp_path):
    out = write(tmp_path / "hands.json", index, {"MC1/0001": full_state(model, 1)})
    (category,) = json.loads(out.path.read_bytes())["categories"]
    named = {tuple(category["keypoints"][n - 1] for n in bone) for bone in category["skeleton"]}
    fingers = ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")
    chains = {(f"{f}{n}", f"{f}{n + 1}") for f in fingers for n in (1, 2, 3)}
    assert named == chains | {("wrist", f"{finger}1") for finger in fingers}


def test_places_visibility_box_and_marks_are_those_of_the_frame(index, model, tmp_path):
    state = full_state(model, 1)
    out = write(tmp_path / "hands.json", index, {"MC1/0001": state})
    (one,) = json.loads(out.path.read_bytes())["annotations"]
    by_name = dict(zip(KEYPOINT_NAMES, np.reshape(one["keypoints"], (21, 3)), strict=True))
    places_px = state.correction.keypoints_px
    # HO-3D's numbers: 0 wrist, 2 index PIP, 16 thumb tip, 18 middle tip (occluded), 20 pinky tip.
    for name, joint, v in (
        ("wrist", 0, 2),
        ("forefinger2", 2, 2),
        ("thumb4", 16, 2),
        ("middle_finger4", 18, 1),
    ):
        assert by_name[name] == pytest.approx([*places_px[joint], v], abs=1e-3)
    assert by_name["pinky_finger4"].tolist() == [0, 0, 0]
    attributes = one["attributes"]
    assert attributes["hidden_px"]["pinky_finger4"] == pytest.approx(places_px[20], abs=1e-3)
    seen = places_px[:20]
    box = [*seen.min(0), *np.ptp(seen, axis=0)]
    assert one["bbox"] == pytest.approx(box, abs=1e-3)
    assert one["num_keypoints"] == 20
    assert (attributes["review"], attributes["flags"]) == ("done", ["bad", "my-own"])
    assert attributes["edited_at"] == "1970-01-01T00:16:40+00:00"


def test_a_joint_beside_the_picture_has_no_place_in_coco(index, model, tmp_path):
    correction = correction_of(model, 1)
    moved_px = correction.keypoints_px.copy()
    moved_px[5] = (700.0, 20.0)
    state = FrameState(free_2d(model, 1, keypoints_px=moved_px))
    out = write(tmp_path / "hands.json", index, {"MC1/0001": state})
    (one,) = json.loads(out.path.read_bytes())["annotations"]
    assert one["num_keypoints"] == 20
    x, _, width, _ = one["bbox"]
    assert x + width <= 639.5
    assert read(out.path, index).incoming[0].value.keypoints_px == pytest.approx(moved_px, abs=1e-3)


def test_what_was_written_is_read_as_the_same(index, model, tmp_path):
    states = {
        "MC1/0001": full_state(model, 1),
        "MC1/0002": FrameState(free_2d(model, 2, is_right=False)),
        "SB3/0007": FrameState(note="only a note"),
    }
    offer = read(write(tmp_path / "hands.json", index, states).path, index)
    assert offer.notes == ()
    said = {(one.frame, one.field): one for one in offer.incoming}
    fields = {"correction", "visibility", "flags", "note", "review"}
    assert {field for frame, field in said if frame == "MC1/0001"} == fields
    assert {field for frame, field in said if frame == "MC1/0002"} == {"correction"}
    assert {field for frame, field in said if frame == "SB3/0007"} == {"note"}
    for frame in ("MC1/0001", "MC1/0002"):
        wanted, got = states[frame].correction, said[frame, "correction"].value
        assert got.keypoints_px == pytest.approx(wanted.keypoints_px, abs=1e-3)
        assert (got.is_right, got.joints_mm, got.source) == (wanted.is_right, None, "import")
    for field in fields - {"correction"}:
        assert said["MC1/0001", field].value == getattr(states["MC1/0001"], field)
    assert all(one.at_s == 1000.0 for one in offer.incoming)


def foreign(index, **changed) -> dict:
    """A file as another tool would make it: other order of keypoints, no attributes."""
    order = list(reversed(KEYPOINT_NAMES))
    places = [[100 + 3 * n, 200 + 2 * n, 2] for n in range(21)]
    document = {
        "images": [{"id": 7, "file_name": "train/MC1/rgb/0000.jpg", "width": 640, "height": 480}],
        "annotations": [
            {
                "id": 1,
                "image_id": 7,
                "category_id": 4,
                "keypoints": [number for place in places for number in place],
            }
        ],
        "categories": [{"id": 4, "name": "right hand", "keypoints": order}],
    }
    return {**document, **changed}


def refused(path, index, document) -> str:
    path.write_text(json.dumps(document) if isinstance(document, dict) else document)
    with pytest.raises(ImportRefusedError, match=path.name) as caught:
        read(path, index)
    return str(caught.value)


def test_a_file_of_another_tool_is_read_by_its_names(index, tmp_path):
    path = tmp_path / "other.json"
    document = foreign(index, info={"date_created": "2026-01-02"})
    document["annotations"][0]["keypoints"][2] = 1  # the first named: the pinky's tip
    path.write_text(json.dumps(document))
    correction, visibility = read(path, index).incoming
    assert (correction.frame, correction.field) == ("MC1/0000", "correction")
    assert correction.value.keypoints_px[20].tolist() == [100, 200]  # named first
    assert correction.value.keypoints_px[0].tolist() == [160, 240]  # the wrist, named last
    assert visibility.value == tuple([0] * 20 + [1])
    assert correction.at_s == 1767312000.0


def test_joints_without_a_place_take_the_labels(index, tmp_path):
    path = tmp_path / "other.json"
    document = foreign(index)
    document["annotations"][0]["keypoints"][:3] = [0, 0, 0]
    path.write_text(json.dumps(document))
    frame = index.read_labels(1)
    tip_px = frame.camera.project(frame.hand.joints_mm)[20]
    correction = read(path, index).incoming[0].value
    assert correction.keypoints_px[20] == pytest.approx(tip_px)
    assert 20 not in correction.placed and 0 in correction.placed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"image_id": 8}, "does not list"),
        ({"category_id": 5}, "no hand of 21 keypoints"),
        ({"keypoints": [1, 2, 2]}, "have not 21 keypoints"),
        ({"keypoints": [1.0, 2.0, 3] * 21}, "none of 0, 1 and 2"),
        ({"keypoints": [1e300, 2.0, 2] * 21}, "farther off"),
        ({"keypoints": [10**400, 2.0, 2] * 21}, "farther off"),
        ({"keypoints": ["1", "2", "2"] * 21}, "not a number"),
        ({"attributes": {"frame": "MC1/9999"}}, "does not list"),
        ({"attributes": {"frame": "MC1/0000", "split": "evaluation"}}, "another split"),
        ({"attributes": {"review": "maybe"}}, "cannot be used"),
        ({"attributes": {"flags": ["BAD!"]}}, "cannot be used"),
        ({"attributes": {"flags": [["x"]]}}, "cannot be used"),
        ({"attributes": {"note": "x" * 20_000}}, "cannot be used"),
        ({"attributes": {"visibility": [0] * 20 + [9]}}, "cannot be used"),
        ({"attributes": {"visibility": "all"}}, "21 values"),
    ],
)
def test_an_annotation_that_cannot_be_used_is_named_and_left_out(index, tmp_path, change, said):
    path = tmp_path / "other.json"
    document = foreign(index)
    document["annotations"][0].update(change)
    # JSON has no numbers beyond a float's; a reader that makes infinity of one must say so.
    path.write_text(json.dumps(document))
    try:
        offer = read(path, index)
    except ImportRefusedError as error:
        assert said == "farther off" and "not JSON" in str(error)
        return
    assert offer.incoming == ()
    (note,) = offer.notes
    assert said in note and "#1" in note


def test_pictures_of_another_size_are_refused(index, tmp_path):
    path = tmp_path / "other.json"
    document = foreign(index)
    document["images"][0].update(width=320, height=240)
    path.write_text(json.dumps(document))
    offer = read(path, index)
    assert offer.incoming == () and "320 × 240 px, here they have 640 × 480 px" in offer.notes[0]


def test_two_hands_of_one_frame_are_not_merged(index, tmp_path):
    path = tmp_path / "other.json"
    document = foreign(index)
    document["annotations"].append({**document["annotations"][0], "id": 2})
    path.write_text(json.dumps(document))
    offer = read(path, index)
    assert len(offer.incoming) == 1 and "#2" in offer.notes[0]


def test_what_is_no_coco_is_refused_by_name(index, tmp_path):
    path = tmp_path / "hostile.json"
    assert "not JSON" in refused(path, index, "{]")
    assert "not JSON" in refused(path, index, "[" * 100_000)
    assert "not JSON" in refused(path, index, '{"annotations": [NaN]}')
    assert "not COCO" in refused(path, index, "[1, 2]")
    assert "not a list of objects" in refused(path, index, foreign(index, images={"id": 1}))
    assert "no whole number" in refused(path, index, foreign(index, images=[{"id": "7"}]))
    twice = foreign(index)["images"] * 2
    assert "id 7 twice" in refused(path, index, foreign(index, images=twice))
    other = [{"id": 4, "keypoints": ["nose"] * 21}]
    assert "nose" in refused(path, index, foreign(index, categories=other))
    missing = tmp_path / "missing.json"
    with pytest.raises(ImportRefusedError, match=r"missing\.json: cannot be read"):
        read(missing, index)


def test_nothing_is_written_into_the_dataset_or_left_half(index, model, tmp_path):
    states = {NAMES[0]: full_state(model, 0)}
    before = sorted(index.root.rglob("*"))
    for place in (index.root / "hands.json", index.root / "train" / "hands.json"):
        with pytest.raises(ExportError, match="never written"):
            write(place, index, states)
    link = tmp_path / "link"
    link.symlink_to(index.root)
    with pytest.raises(ExportError, match="never written"):
        write(link / "hands.json", index, states)
    assert sorted(index.root.rglob("*")) == before

    def cancel(done: int, total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    (tmp_path / "hands.json").write_text("the one before")
    with pytest.raises(KeyboardInterrupt):
        write_coco(tmp_path / "hands.json", index, spoken(states), tell=cancel)
    assert (tmp_path / "hands.json").read_text() == "the one before"
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_frames_that_cannot_go_out_are_told(index, model, tmp_path):
    picture = index.picture_path(0)
    content = picture.read_bytes()
    picture.write_bytes(content[:100])
    try:
        states = {NAMES[0]: full_state(model, 0), "MC1/9999": full_state(model, 1)}
        states[NAMES[1]] = replace(full_state(model, 1), note="")
        out = write(tmp_path / "hands.json", index, states)
    finally:
        picture.write_bytes(content)
    assert out.frames == 1
    assert any("not in this split" in note for note in out.notes)
    assert any(NAMES[0] in note and "cannot be read" in note for note in out.notes)


def test_two_hands_of_a_picture_are_two_annotations_of_one_image(model, tmp_path):
    tree = Tree(tmp_path / "H2O")
    hand = hand_in_opengl(model, 1)
    tree.add(
        "SB1/0000",
        {
            "camMat": CAMERA,
            "handBeta": hand.betas,
            **{f"{side}HandJoints3D": hand.joints for side in ("right", "left")},
            **{f"{side}HandPose": hand.pose for side in ("right", "left")},
            **{f"{side}HandTrans": hand.translation for side in ("right", "left")},
        },
    )
    tree.list("SB1/0000")
    two = open_dataset(tree.root, "train", hand_model=model, cache_dir=tmp_path / "cache")
    assert two.kind == "H2O-3D"
    states = {
        "SB1/0000@right": FrameState(free_2d(model, 1)),
        "SB1/0000@left": FrameState(free_2d(model, 2, is_right=False)),
    }
    out = write(tmp_path / "hands.json", two, states)
    document = json.loads(out.path.read_bytes())
    assert len(document["images"]) == 1
    assert [one["image_id"] for one in document["annotations"]] == [1, 1]
    offer = read(out.path, two)
    assert {one.frame: one.value.is_right for one in offer.incoming} == {
        "SB1/0000@right": True,
        "SB1/0000@left": False,
    }
    # Without our names: the side says which hand; nothing says it, nothing is taken.
    for one in document["annotations"]:
        del one["attributes"]["frame"]
    del document["annotations"][1]["attributes"]["is_right"]
    out.path.write_text(json.dumps(document))
    offer = read(out.path, two)
    assert [one.frame for one in offer.incoming] == ["SB1/0000@right"]
    assert "two hands and do not say which" in offer.notes[0]
