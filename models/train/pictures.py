"""Pictures that the gate must refuse: anything but a chest, and chests that are not as they should be.

Found ones are from Debian packages (pictures.sh) and a folder of odd files; drawn ones are pages of
text, noise, gradients, shapes, charts and bones; projected ones are radiographs of a head, computed from
a CT; spoilt ones are films inverted, turned or cut down to a
corner.  Each is a uint8 grey picture of its own size, as ``data.Films`` gives films.
"""

import gzip
import pathlib
import plistlib
import tarfile

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SMALLEST, LARGEST = 32, 512     # sides: less is no picture, more is only slower
EACH_VOLUME = 12                # slices along each axis


def read(path):
    """A file as grey, at most LARGEST pixels along a side; None for what is too small."""
    with Image.open(path) as image:
        if min(image.size) < SMALLEST:
            return None
        if image.mode in ("P", "LA", "PA") or "transparency" in image.info:
            image = image.convert("RGBA")
        if image.mode == "RGBA":    # the core composes over black
            black = Image.new("RGBA", image.size, (0, 0, 0, 255))
            image = Image.alpha_composite(black, image)
        image = image.convert("RGB").convert("L")
        image.thumbnail((LARGEST, LARGEST), Image.BOX)
        return np.asarray(image)


def volume(path):
    """Slices along three axes of a NIfTI-1 volume of bytes or shorts, stretched to all greys."""
    raw = gzip.open(path, "rb").read() if str(path).endswith(".gz") else path.read_bytes()
    sizes = np.frombuffer(raw, "<i2", 8, 40)
    kind = {2: "u1", 4: "<i2", 512: "<u2"}.get(int(np.frombuffer(raw, "<i2", 1, 70)[0]))
    if kind is None or sizes[0] != 3 or min(sizes[1:4]) < SMALLEST:
        return []
    start = int(np.frombuffer(raw, "<f4", 1, 108)[0])
    shape = tuple(int(size) for size in sizes[3:0:-1])
    cube = np.frombuffer(raw, kind, int(np.prod(shape)), start).reshape(shape).astype(np.float32)
    cube = np.clip((cube - cube.min()) / max(np.quantile(cube, 0.999) - cube.min(), 1), 0, 1)
    slices = []
    for axis in range(3):
        for place in np.linspace(0.2, 0.8, EACH_VOLUME):
            picture = np.take(cube, int(place * shape[axis]), axis)
            slices.append(np.rint(255 * picture[::-1]).astype(np.uint8))
    return slices


def tomogram(path):
    """The CT of an InVesalius project: Hounsfield units (slices, rows, columns) and their spacing."""
    with tarfile.open(path) as archive:
        members = {pathlib.Path(m.name).name: m for m in archive.getmembers() if m.isfile()}
        facts = plistlib.load(archive.extractfile(members["main.plist"]))
        raw = archive.extractfile(members[facts["matrix"]["filename"]]).read()
    cube = np.frombuffer(raw, facts["matrix"]["dtype"]).reshape(facts["matrix"]["shape"])
    return cube.astype(np.float32), facts["spacing"][::-1]


def radiographs(cube, spacing, rng, count):
    """Projections of a CT along random directions, as an X-ray would cross it.

    Attenuation is taken as linear in Hounsfield units, air as nothing, and bone as heavier than that,
    which low voltages make it.
    """
    from scipy import ndimage

    density = np.clip((cube + 1000.0) / 1000.0, 0.0, None)
    density += np.clip(cube - 200.0, 0.0, None) / 400.0
    density = ndimage.zoom(density, np.asarray(spacing) / 2.0, order=1)     # 2 mm each way
    for _ in range(count):
        turned = ndimage.rotate(density, rng.uniform(0, 360), (1, 2), reshape=False, order=1)
        turned = ndimage.rotate(turned, rng.uniform(-30, 30), (0, 1), reshape=False, order=1)
        thickness = turned.sum(1) / max(float(turned.sum(1).max()), 1e-6)
        picture = 1.0 - np.exp(-rng.uniform(1.0, 4.0) * thickness)
        window = rng.uniform(0.6, 1.0, 2) * picture.shape
        top, left = (int(rng.uniform(0, side - part)) for side, part in zip(picture.shape, window))
        picture = picture[top:top + int(window[0]), left:left + int(window[1])][::-1]
        low, high = np.quantile(picture, (0.01, 0.99))
        picture = np.clip((picture - low) / max(high - low, 1e-6), 0, 1)
        picture = np.rint(255 * picture).astype(np.uint8)
        side = int(rng.integers(180, 400))
        yield np.asarray(Image.fromarray(picture).resize((side, side), Image.BICUBIC))


PROJECTIONS = 120   # of each CT


def sections(cube):
    """Slices of a CT along three axes, in three usual windows (centre, width)."""
    for axis in range(3):
        for place in np.linspace(0.2, 0.8, EACH_VOLUME):
            for centre, width in ((40, 400), (400, 1800), (-500, 1500)):
                picture = np.take(cube, int(place * cube.shape[axis]), axis)
                picture = np.clip((picture - centre) / width + 0.5, 0, 1)
                yield np.rint(255 * picture[::-1]).astype(np.uint8)


def found(folder):
    """(file, picture) for every picture under a folder, in the order of their names."""
    for path in sorted(pathlib.Path(folder).rglob("*")):
        name = path.name.lower()
        if name.endswith((".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff")):
            try:
                picture = read(path)
            except (OSError, ValueError, SyntaxError):
                continue    # a test file that is broken on purpose
            if picture is not None:
                yield str(path), picture
        elif name.endswith((".nii", ".nii.gz")):
            for slice_ in volume(path):
                yield str(path), slice_
        elif name.endswith(".inv3"):
            cube, spacing = tomogram(path)
            for place, picture in enumerate(sections(cube)):
                yield f"{path}/section {place}", picture
            rng = np.random.default_rng(0)
            for place, picture in enumerate(radiographs(cube, spacing, rng, PROJECTIONS)):
                yield f"{path}/projection {place}", picture


# ---- Drawn ----

def page(rng, size):
    """Lines of letters: a document, black on white or white on black."""
    font = ImageFont.load_default()
    small = Image.new("L", (max(size // 2, 100), max(size // 2, 100)), 245)
    draw = ImageDraw.Draw(small)
    letters = "abcdefghijklmnopqrstuvwxyz     ABCDEFGH0123456789.,"
    for top in range(int(rng.integers(2, 20)), small.height - 12, int(rng.integers(11, 18))):
        text = "".join(rng.choice(list(letters), int(rng.integers(5, 60))))
        draw.text((int(rng.integers(3, 15)), top), text, fill=int(rng.integers(0, 90)), font=font)
    picture = np.asarray(small.resize((size, size), Image.BILINEAR))
    return 255 - picture if rng.random() < 0.2 else picture


def noise(rng, size):
    """Noise, from grains to clouds."""
    coarse = int(2 ** rng.uniform(1.5, np.log2(size)))
    picture = Image.fromarray(rng.integers(0, 256, (coarse, coarse), dtype=np.uint8))
    return np.asarray(picture.resize((size, size), Image.BICUBIC))


def gradient(rng, size):
    """A ramp or a spot of light, with a little noise."""
    y, x = np.mgrid[0:size, 0:size] / size
    a, b, c = rng.uniform(-1, 1, 3)
    ramp = a * x + b * y
    spot = np.exp(-((x - rng.random()) ** 2 + (y - rng.random()) ** 2) / rng.uniform(0.02, 0.5))
    picture = ramp + 2 * c * spot + 0.03 * rng.random() * rng.standard_normal((size, size))
    low, high = picture.min(), picture.max()
    return np.rint(255 * (picture - low) / (high - low + 1e-9)).astype(np.uint8)


def shapes(rng, size):
    """Ellipses, boxes and lines, as in drawings and screens."""
    image = Image.new("L", (size, size), int(rng.integers(0, 256)))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(3, 40))):
        box = np.sort(rng.integers(0, size, (2, 2)), 0).ravel().tolist()
        fill = int(rng.integers(0, 256))
        choice = rng.integers(0, 3)
        if choice == 0:
            draw.ellipse(box, fill=fill)
        elif choice == 1:
            draw.rectangle(box, fill=fill)
        else:
            draw.line(box, fill=fill, width=int(rng.integers(1, 8)))
    return np.asarray(image)


def chart(rng, size):
    """Axes, a curve, bars."""
    image = Image.new("L", (size, size), 255)
    draw = ImageDraw.Draw(image)
    draw.line([size // 10, size // 10, size // 10, 9 * size // 10, 9 * size // 10, 9 * size // 10],
              fill=0, width=2)
    walk = np.cumsum(rng.standard_normal(40))
    walk = (walk - walk.min()) / (np.ptp(walk) + 1e-9)
    points = [(int(size * (0.1 + 0.02 * i)), int(size * (0.9 - 0.8 * v))) for i, v in enumerate(walk)]
    if rng.random() < 0.5:
        draw.line(points, fill=int(rng.integers(0, 120)), width=int(rng.integers(1, 5)))
    else:
        for x, y in points[::2]:
            draw.rectangle([x, y, x + size // 40, 9 * size // 10], fill=int(rng.integers(0, 200)))
    return np.asarray(image)


def bones(rng, size):
    """A limb or a hand as an X-ray shows it: soft sleeves around shafts with knobs at their ends."""
    y, x = np.mgrid[0:size, 0:size] / size
    thickness = np.zeros((size, size))
    count = int(rng.integers(1, 7))
    spread, root = rng.uniform(0.0, 0.9), rng.uniform(0.3, 0.7, 2)
    for ray in range(count):
        angle = rng.uniform(0, 2 * np.pi) if count < 3 else np.pi * (0.5 + spread * (ray / (count - 1) - 0.5))
        along = (x - root[0]) * np.cos(angle) - (y - root[1]) * np.sin(angle)
        across = (x - root[0]) * np.sin(angle) + (y - root[1]) * np.cos(angle)
        flesh, bone = rng.uniform(0.05, 0.25) / np.sqrt(count), rng.uniform(0.015, 0.06) / np.sqrt(count)
        joints = rng.uniform(0.15, 0.35)
        knob = 1.0 + 0.6 * np.exp(-((along / joints % 1.0 - 0.5) / 0.12) ** 2)
        within = along > (-1.0 if count < 3 else -0.05)
        chord = lambda radius: np.sqrt(np.clip(radius ** 2 - across ** 2, 0, None)) * within
        thickness += chord(flesh) + rng.uniform(2, 6) * chord(bone * knob)
        thickness -= rng.uniform(1, 3) * chord(bone * knob * 0.5)      # marrow
    picture = 1.0 - np.exp(-rng.uniform(2, 8) * np.clip(thickness, 0, None))
    picture = picture / max(picture.max(), 1e-6) + 0.02 * rng.standard_normal((size, size))
    picture = np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8)
    return 255 - picture if rng.random() < 0.2 else picture


DRAWN = (page, noise, gradient, shapes, chart, bones)


def drawn(count, seed):
    rng = np.random.default_rng([seed, count])
    return [(DRAWN[place % len(DRAWN)].__name__, DRAWN[place % len(DRAWN)](rng, 256))
            for place in range(count)]


# ---- Spoilt films ----

def inverted(film, rng):
    return 255 - film


def rotated(film, rng):
    """On a side or upside down."""
    return np.rot90(film, int(rng.integers(1, 4)))


def cropped(film, rng):
    """A fourth to two fifths of each side: part of one lung at most."""
    height, width = film.shape
    high, wide = (max(8, int(side * rng.uniform(0.22, 0.4))) for side in (height, width))
    top, left = int(rng.integers(0, height - high)), int(rng.integers(0, width - wide))
    return film[top:top + high, left:left + wide]


SPOILT = {"inverted": inverted, "rotated": rotated, "cropped": cropped}
