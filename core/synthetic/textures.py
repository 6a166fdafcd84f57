"""Painted surfaces: tables, walls, packages. RGB float32 in [0, 1], square, repeating."""

import cv2
import numpy as np

SIZE_PX = 512
_LETTERS = "ABCDEFGHKLMNOPRSTUVWXYZ"


def cloudy(generator: np.random.Generator, size_px: int, roughness: float) -> np.ndarray:
    """Noise (S, S) float32 of mean 0 and deviation 1 with a 1/f^roughness spectrum, repeating."""
    frequency = np.fft.fftfreq(size_px)
    radius = np.hypot(frequency[:, None], frequency[None, : size_px // 2 + 1])
    radius[0, 0] = np.inf
    spectrum = radius**-roughness * np.exp(2j * np.pi * generator.random(radius.shape))
    noise = np.fft.irfft2(spectrum, s=(size_px, size_px)).astype(np.float32)
    return (noise - noise.mean()) / noise.std()


def muted(generator: np.random.Generator) -> np.ndarray:
    """A colour (3,) as rooms have them: mostly near grey, brown or cream."""
    grey = generator.beta(2.0, 1.6) * 0.8 + 0.1
    warmth = generator.normal(0.03, 0.05)
    tint = generator.normal(0, 0.15 if generator.random() < 0.2 else 0.02, 3)
    return np.clip(grey * (1 + np.array([warmth, 0, -warmth])) + tint, 0.04, 0.95)


def vivid(generator: np.random.Generator) -> np.ndarray:
    """A saturated colour (3,), as packages have them."""
    hsv = np.array([[[generator.uniform(0, 360), generator.uniform(0.45, 0.95),
                      generator.uniform(0.3, 0.95)]]], np.float32)  # fmt: skip
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0].astype(float)


def table_top(generator: np.random.Generator) -> np.ndarray:
    """Wood, laminate, stone or cloth, (512, 512, 3)."""
    painter = (_wood, _wood, _laminate, _cloth)[generator.integers(4)]
    return np.clip(painter(generator), 0.02, 1).astype(np.float32)


def _wood(generator: np.random.Generator) -> np.ndarray:
    light = np.array([0.78, 0.6, 0.42]) * generator.uniform(0.45, 1.1)
    grain = cloudy(generator, SIZE_PX, 1.4)
    stretched = cv2.resize(grain[:, :32], (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_CUBIC)
    # Mirrored halves repeat without a seam along the grain.
    stretched = np.concatenate([stretched[:, ::2], stretched[:, ::-2]], 1)
    rings = np.sin(stretched * generator.uniform(2, 6)) * 0.06 + stretched * 0.04
    wood = light * (1 + rings[..., None] * [0.8, 1.0, 1.1])
    planks = int(generator.choice([0, 0, 3, 4, 6]))
    for k in range(planks):
        rows = slice(k * SIZE_PX // planks, (k + 1) * SIZE_PX // planks)
        wood[rows] *= generator.uniform(0.85, 1.1)
        wood[rows.start : rows.start + 2] *= 0.55
    return wood


def _laminate(generator: np.random.Generator) -> np.ndarray:
    speckle = cloudy(generator, SIZE_PX, generator.uniform(0.3, 1.2))
    return muted(generator) * (1 + generator.uniform(0.01, 0.06) * speckle[..., None])


def _cloth(generator: np.random.Generator) -> np.ndarray:
    cloth = np.ones((SIZE_PX, SIZE_PX, 1)) * muted(generator)
    other = muted(generator) if generator.random() < 0.7 else vivid(generator)
    period = int(generator.choice([16, 32, 64, 128]))
    stripe = (np.arange(SIZE_PX) % period < period * generator.uniform(0.2, 0.6)).astype(float)
    share = 0.5 * stripe[:, None, None]
    if generator.random() < 0.6:
        share = share + 0.5 * stripe[None, :, None]
    cloth = cloth * (1 - share) + other * share
    weave = 0.03 * np.sin(np.arange(SIZE_PX) * np.pi / 2)
    weave = weave[:, None] + weave[None] + 0.04 * cloudy(generator, SIZE_PX, 0.8)
    return cloth * (1 + weave[..., None])


def room_wall(generator: np.random.Generator) -> np.ndarray:
    """A wall with pictures, a shelf of books, a window or a cupboard, (512, 512, 3)."""
    ground = np.clip(muted(generator) * 1.4, 0, 0.97)
    wall = np.full((SIZE_PX, SIZE_PX, 3), _bytes(ground), np.uint8)
    for _ in range(int(generator.integers(1, 6))):
        (_picture, _shelf, _panels, _shelf)[generator.integers(4)](wall, generator)
    wall = cv2.GaussianBlur(wall, (0, 0), generator.uniform(0.6, 3)) * np.float32(1 / 255)
    shade = 1 + 0.03 * np.tile(cloudy(generator, 256, 1.6), (2, 2))
    return np.clip(wall * shade[..., None], 0.02, 1)


def _rectangle(canvas, corner, size, colour, thickness=-1) -> None:
    """Draw on bytes in a colour of the range [0, 1]."""
    start = (int(corner[0]), int(corner[1]))
    end = (int(corner[0] + size[0]), int(corner[1] + size[1]))
    cv2.rectangle(canvas, start, end, _bytes(colour), thickness)


def _bytes(colour: np.ndarray) -> tuple[int, ...]:
    return tuple(int(255 * np.clip(c, 0, 1)) for c in colour)


def _picture(wall: np.ndarray, generator: np.random.Generator) -> None:
    corner, size = generator.integers(0, 400, 2), generator.integers(50, 160, 2)
    _rectangle(wall, corner - 5, size + 10, muted(generator) * 0.5)
    _rectangle(wall, corner, size, muted(generator))
    for _ in range(5):
        place = corner + generator.random(2) * size * 0.7
        _rectangle(wall, place, size * generator.uniform(0.05, 0.3, 2), vivid(generator))


def _shelf(wall: np.ndarray, generator: np.random.Generator) -> None:
    top, left = generator.integers(20, 400), generator.integers(-50, 250)
    x, end = left, left + generator.integers(100, 350)
    height = generator.integers(45, 90)
    _rectangle(wall, (left - 4, top - 6), (end - left + 8, height + 12), muted(generator) * 0.4)
    while x < end:
        width, tall = generator.integers(6, 18), height * generator.uniform(0.65, 0.98)
        colour = vivid(generator) if generator.random() < 0.5 else muted(generator)
        _rectangle(wall, (x, top + height - tall), (width - 2, tall), colour * 0.8)
        x += width
    _rectangle(wall, (left - 8, top + height), (end - left + 16, 6), muted(generator))


def _panels(wall: np.ndarray, generator: np.random.Generator) -> None:
    left, top = generator.integers(0, 300, 2)
    width, height = generator.integers(60, 120), generator.integers(90, 200)
    colour = muted(generator) if generator.random() < 0.6 else np.array([0.9, 0.93, 0.97])
    for k in range(int(generator.integers(1, 4))):
        _rectangle(wall, (left + k * (width + 4), top), (width, height), colour * 0.7, 4)
        _rectangle(wall, (left + k * (width + 4) + 4, top + 4), (width - 8, height - 8), colour)


def package(generator: np.random.Generator) -> np.ndarray:
    """The print on an object: one colour, bands, a label with lines of text, (512, 512, 3)."""
    ground = vivid(generator) if generator.random() < 0.6 else muted(generator)
    canvas = np.full((SIZE_PX, SIZE_PX, 3), _bytes(ground), np.uint8)
    if generator.random() < 0.75:
        _bands(canvas, generator)
    for _ in range(int(generator.integers(0, 4))):
        _label(canvas, generator)
    scratch = 1 + 0.04 * np.tile(cloudy(generator, 256, 1.0), (2, 2))
    print_ = canvas * (scratch[..., None] * np.float32(1 / 255))
    return np.clip(print_, 0.02, 1)


def _bands(canvas: np.ndarray, generator: np.random.Generator) -> None:
    for _ in range(int(generator.integers(1, 5))):
        top, height = generator.integers(0, SIZE_PX), generator.integers(8, 90)
        colour = vivid(generator) if generator.random() < 0.5 else muted(generator)
        _rectangle(canvas, (0, top), (SIZE_PX, height), colour)


def _label(canvas: np.ndarray, generator: np.random.Generator) -> None:
    corner, size = generator.integers(0, 350, 2), generator.integers(60, 200, 2)
    pale = np.clip(muted(generator) + 0.35, 0, 0.97)
    _rectangle(canvas, corner, size, pale)
    if generator.random() < 0.5:
        centre = (corner + size * [0.5, 0.35]).astype(int)
        cv2.circle(canvas, centre.tolist(), int(size.min() * 0.28), _bytes(vivid(generator)), -1)
    for line in range(int(generator.integers(1, 5))):
        text = "".join(generator.choice(list(_LETTERS), int(generator.integers(3, 8))))
        place = (int(corner[0]) + 6, int(corner[1]) + 24 + 28 * line)
        ink = _bytes(vivid(generator) * 0.6)
        cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.8, ink, 2, cv2.LINE_AA)


def sample(texture: np.ndarray, uv_px: np.ndarray) -> np.ndarray:
    """Bilinear colours (N, 3) of a repeating texture at (N, 2) places in its pixels."""
    if not len(uv_px):
        return np.zeros((0, 3), np.float32)
    # OpenCV's pictures are limited to 32767 a side: fold the list into rows.
    rows = -(-len(uv_px) // 1024)
    padded = np.zeros((rows * 1024, 2), np.float32)
    padded[: len(uv_px)] = uv_px % (texture.shape[1], texture.shape[0])
    grid = padded.reshape(rows, 1024, 2)
    colours = cv2.remap(texture, grid, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return colours.reshape(-1, 3)[: len(uv_px)]
