"""The field's conventions, each defined once: joints, bones, fingertips, the crop.

Joint order is HO-3D's (MANO's sixteen joints, then the tips, thumb first)::

        thumb      index     middle     ring      pinky
         16         17         18        19        20      tip
         15          3          6        12         9      DIP (thumb: IP)
         14          2          5        11         8      PIP (thumb: MCP)
         13          1          4        10         7      MCP (thumb: CMC)
            \\         \\        |        /         /
             `----------`---- 0 wrist --'---------'

Units and frames are written in names: ``_mm``, ``_m``, ``_px`` (pixel centres at integers, as
OpenCV has them), ``_norm`` (the crop spans [-0.5, 0.5] on both axes), ``_rad``. Unless a name says
otherwise, 3D is in camera axes (OpenCV: x right, y down, z away from the viewer).
"""

JOINT_COUNT = 21
MANO_JOINT_COUNT = 16
VERTEX_COUNT = 778
BETA_COUNT = 10

WRIST = 0
MIDDLE_KNUCKLE = 4

FINGERS = ("thumb", "index", "middle", "ring", "pinky")

#: Joints of a finger from the knuckle to the tip, in HO-3D's order.
FINGER_JOINTS = {
    "thumb": (13, 14, 15, 16),
    "index": (1, 2, 3, 17),
    "middle": (4, 5, 6, 18),
    "ring": (10, 11, 12, 19),
    "pinky": (7, 8, 9, 20),
}

FINGER_OF_JOINT = {joint: finger for finger, joints in FINGER_JOINTS.items() for joint in joints}

_PARTS = ("MCP", "PIP", "DIP", "tip")
_THUMB_PARTS = ("CMC", "MCP", "IP", "tip")


def _joint_name(joint: int) -> str:
    if joint == WRIST:
        return "wrist"
    finger = FINGER_OF_JOINT[joint]
    parts = _THUMB_PARTS if finger == "thumb" else _PARTS
    return f"{finger} {parts[FINGER_JOINTS[finger].index(joint)]}"


#: Name of every joint, as shown to people: ``"index tip"``.
JOINT_NAMES = tuple(_joint_name(joint) for joint in range(JOINT_COUNT))

#: Twenty bones as (parent joint, child joint), finger by finger, from the wrist outwards.
BONES = tuple(
    bone
    for finger in FINGERS
    for bone in zip((WRIST, *FINGER_JOINTS[finger][:-1]), FINGER_JOINTS[finger], strict=True)
)

#: Parent of each of MANO's sixteen joints; the wrist has none (-1).
MANO_PARENTS = (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14)

#: Vertices taken as fingertips (thumb, index, middle, ring, pinky) by each convention. DexYCB's
#: labels have manopth's tips, H2O-3D's those of HO-3D.
FINGERTIP_VERTICES = {
    "ho3d": (744, 333, 444, 555, 672),
    "smplx": (744, 320, 443, 554, 671),
    "manopth": (745, 317, 444, 556, 673),
    "freihand": (744, 320, 443, 555, 672),
}

#: ``joints[HO3D_TO_OPENPOSE]`` is thumb-first, each finger from the knuckle to the tip.
HO3D_TO_OPENPOSE = (0, 13, 14, 15, 16, 1, 2, 3, 17, 4, 5, 6, 18, 10, 11, 12, 19, 7, 8, 9, 20)

#: Its inverse: ``joints[OPENPOSE_TO_HO3D]`` of thumb-first joints is in HO-3D's order.
OPENPOSE_TO_HO3D = tuple(HO3D_TO_OPENPOSE.index(joint) for joint in range(JOINT_COUNT))

#: Crop fed to UTNet, (height, width) in pixels.
CROP_SIZE_PX = (256, 192)
PATCH_SIZE_PX = 16

#: ImageNet statistics of RGB values in [0, 1].
IMAGE_MEAN = (0.485, 0.456, 0.406)
IMAGE_STD = (0.229, 0.224, 0.225)

#: UTNet's default focal length where a crop's own intrinsics are not used (WiLoR).
VIRTUAL_FOCAL_PX = 5000.0
