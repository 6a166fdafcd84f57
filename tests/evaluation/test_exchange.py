"""Crops and predictions survive the way between the processes; damaged ones do not pass."""

from dataclasses import fields, replace

import numpy as np
import pytest

from core.data.crops import CropInput
from core.evaluation.exchange import (
    crop_input_message,
    prediction_message,
    read_crop_input,
    read_prediction,
)
from core.evaluation.prediction import Prediction
from core.geometry.crop import CropTransform
from core.hand.hand_model import ManoParameters
from core.messages import Message, MessageError, MessageReader, encode

TRANSFORM = CropTransform((301.25, 200.5), 183.7, 0.3)


def over_the_wire(message: Message) -> Message:
    (read,) = MessageReader().feed(encode(message))
    return read


def make_crop(*, with_depth: bool) -> CropInput:
    rng = np.random.default_rng(0)
    depth = rng.uniform(300, 900, (256, 192)).astype(np.float32) if with_depth else None
    image = rng.integers(0, 256, (256, 192, 3), np.uint8)
    return CropInput(image, depth, rng.normal(size=(3, 3)), TRANSFORM)


def make_prediction(*, with_coarse: bool) -> Prediction:
    rng = np.random.default_rng(1)
    return Prediction(
        keypoints_norm=rng.normal(size=(21, 2)),
        keypoints_px=rng.normal(size=(21, 2)),
        joints_mm=rng.normal(size=(21, 3)),
        vertices_mm=rng.normal(size=(778, 3)).astype(np.float32),
        mano=ManoParameters(
            rng.normal(size=3), rng.normal(size=45), rng.normal(size=10), rng.normal(size=3)
        ),
        camera_sxy=rng.normal(size=3),
        crop=TRANSFORM,
        coarse_joints_mm=rng.normal(size=(21, 3)) if with_coarse else None,
        used_depth=True,
        duration_ms=12.5,
    )


def assert_same(first: object, second: object) -> None:
    """Field by field, so that a field that someone adds and forgets to send is found."""
    assert type(first) is type(second)
    for field in fields(first):
        one, other = getattr(first, field.name), getattr(second, field.name)
        if isinstance(one, np.ndarray):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)
        elif isinstance(one, ManoParameters):
            assert_same(one, other)
        else:
            assert one == other, field.name


@pytest.mark.parametrize("with_depth", [True, False])
def test_a_crop_arrives_as_it_was(with_depth):
    crop = make_crop(with_depth=with_depth)
    message = over_the_wire(crop_input_message("predict", crop, id=7))
    assert (message.kind, message.fields["id"]) == ("predict", 7)
    assert_same(crop, read_crop_input(message))


@pytest.mark.parametrize("with_coarse", [True, False])
def test_a_prediction_arrives_as_it_was(with_coarse):
    prediction = make_prediction(with_coarse=with_coarse)
    assert_same(
        prediction, read_prediction(over_the_wire(prediction_message("p", prediction, id=1)))
    )


def test_a_prediction_that_is_not_a_number_arrives_as_such():
    prediction = replace(
        make_prediction(with_coarse=False), joints_mm=np.full((21, 3), np.nan), duration_ms=np.inf
    )
    read = read_prediction(over_the_wire(prediction_message("p", prediction)))
    assert np.isnan(read.joints_mm).all()
    assert read.duration_ms == np.inf


@pytest.mark.parametrize("name", ["image", "intrinsics"])
def test_a_crop_without_a_part_is_refused(name):
    message = crop_input_message("predict", make_crop(with_depth=True))
    del message.arrays[name]
    with pytest.raises(MessageError, match=name):
        read_crop_input(message)


@pytest.mark.parametrize("name", ["image", "intrinsics", "depth_mm"])
def test_a_misshapen_crop_is_refused(name):
    message = crop_input_message("predict", make_crop(with_depth=True))
    message.arrays[name] = message.arrays[name][:-1]
    with pytest.raises(MessageError, match=name):
        read_crop_input(message)


@pytest.mark.parametrize(
    "crop",
    [
        None,
        {},
        {
            "centre_px": [1],
            "height_px": 2,
            "rotation_rad": 0,
            "size_px": [256, 192],
            "is_mirrored": False,
        },
        {
            "centre_px": [1, 2],
            "height_px": 0,
            "rotation_rad": 0,
            "size_px": [256, 192],
            "is_mirrored": False,
        },
        {
            "centre_px": [1, 2],
            "height_px": float("nan"),
            "rotation_rad": 0,
            "size_px": [256, 192],
            "is_mirrored": False,
        },
        {
            "centre_px": ["x", 2],
            "height_px": 2,
            "rotation_rad": 0,
            "size_px": [256, 192],
            "is_mirrored": False,
        },
    ],
)
def test_a_crop_that_is_no_box_is_refused(crop):
    message = crop_input_message("predict", make_crop(with_depth=False))
    message.fields["crop"] = crop
    with pytest.raises(MessageError, match="crop"):
        read_crop_input(message)
