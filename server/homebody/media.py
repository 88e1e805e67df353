"""Pictures that are sent with a message: recognised by their content, within limits.

The bytes are untrusted. A picture is decoded by Pillow, which is imported when the first one is read, and
written anew: smaller if it is large, without metadata such as place and camera, in a format that every server
decodes.
"""

import warnings
from base64 import b64encode
from dataclasses import dataclass, field
from io import BytesIO
from mimetypes import guess_type

from homebody.errors import MediaUnreadable

MOST_BYTES = 20 * 1024 * 1024
"""Size of the largest file."""

READ_FORMATS = "PNG, JPEG, WebP and GIF pictures"

_MOST_PIXELS = 64_000_000
"""Width times height that is decoded; a small file can claim any number."""

_LONGEST_SIDE = 1540
"""Longest side that is sent, in pixels: the largest that Ministral's encoder takes. Qwen3-VL takes any size,
and would read eleven times as many tokens from a 5K screenshot; the text of one in full HD stays legible."""

_SHORTEST_SIDE = 28
"""Side of the square that an encoder reads as one token, in pixels; Qwen2.5-VL refuses smaller pictures."""

_LEAST_TOKENS = 1024
"""Estimate for a small picture, which some encoders enlarge (LLaVA: 576 tokens, Gemma 4: up to 1,120)."""


@dataclass(frozen=True, slots=True)
class Media:
    """A picture, as it is sent.

    Attributes
    ----------
    type
        ``image/png`` or ``image/jpeg``.
    sources
        As of a prompt's text.
    width, height
        In pixels.
    tokens
        What it adds to a prompt: a high estimate, until a server has counted it.

    """

    name: str
    type: str
    data: bytes = field(repr=False)
    sources: tuple[str, ...] = field(default=(), compare=False)
    width: int = 0
    height: int = 0
    tokens: int = field(default=0, compare=False)

    @property
    def label(self) -> str:
        """What it is, for the user: ``picture, 800 x 600``."""
        return f"picture, {self.width} x {self.height}"

    @property
    def text(self) -> str:
        """What stands for it where a prompt is shown."""
        return f"[{self.name}: {self.label}]\n"

    @property
    def base64(self) -> str:
        """The bytes as requests carry them."""
        return b64encode(self.data).decode()


def media_type(data: bytes) -> str | None:
    """Recognise what is read, by its first bytes; ``None`` for anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for kind, begins in _BEGINNINGS.items() if data.startswith(begins)), None)


def read_media(data: bytes, name: str, sources: tuple[str, ...]) -> Media:
    """Read a picture. Decoding a large one takes a second.

    Raises
    ------
    MediaUnreadable
        It is none, too large, or damaged.

    """
    kind = media_type(data)
    if kind is None:
        message = f"{name} is not a picture that can be sent: {READ_FORMATS} are read."
        raise MediaUnreadable(message)
    if len(data) > MOST_BYTES:
        raise too_large(name)
    form = "jpeg" if kind == "image/jpeg" else "png"
    try:
        written, size = _rewritten(data, kind.removeprefix("image/"), form, name)
    except MediaUnreadable:
        raise
    except Exception as error:  # Pillow raises errors of many classes for damaged files
        message = f"{name} cannot be decoded, it may be cut off: save it again."
        raise MediaUnreadable(message) from error
    squares = -(-size[0] // _SHORTEST_SIDE) * (-(-size[1] // _SHORTEST_SIDE) + 1)
    return Media(name, f"image/{form}", written, sources, *size, max(_LEAST_TOKENS, squares))


def is_named_as_media(name: str) -> bool:
    """Whether a file's name says that it is a picture; SVG is text."""
    kind = guess_type(name)[0] or ""
    return kind.startswith("image/") and kind != "image/svg+xml"


def too_large(name: str) -> MediaUnreadable:
    """Return the error for a file that is larger than what is read."""
    return MediaUnreadable(
        f"{name} is larger than {MOST_BYTES // 1024 // 1024} MB: save a smaller version of it."
    )


_BEGINNINGS = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": (b"GIF87a", b"GIF89a"),
}


def _rewritten(data: bytes, read_as: str, write_as: str, name: str) -> tuple[bytes, tuple[int, int]]:
    """Return the first frame of a picture as it is sent, and its size."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # the limit is checked here, before anything is decoded
    warnings.filterwarnings("ignore", module="PIL")  # of damaged metadata, on stderr
    with Image.open(BytesIO(data), formats=[read_as]) as opened:
        if (reason := _reason_against(*opened.size)) is not None:
            message = f"{name} has {opened.width} x {opened.height} pixels: {reason}."
            raise MediaUnreadable(message)
        opened.draft("RGB", (2 * _LONGEST_SIDE, 2 * _LONGEST_SIDE))  # a large JPEG is decoded smaller
        ImageOps.exif_transpose(opened, in_place=True)
        width, height = opened.size
        scale = min(1.0, _LONGEST_SIDE / max(width, height))
        scale = max(scale, _SHORTEST_SIDE / min(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        frame: Image.Image = opened
        if frame.mode.startswith("I"):  # 16 bits of grey, which ``convert`` would cut to white
            frame = frame.point(lambda grey: grey * (1 / 257)).convert("L")
        if frame.mode not in {"L", "RGB", "RGBA"}:
            frame = frame.convert("RGBA" if frame.has_transparency_data else "RGB")
        picture = frame.resize(size, Image.Resampling.LANCZOS).convert("RGBA")
    # Encoders ignore transparency, and most text on it is dark.
    ground = Image.new("RGBA", size, "white")
    ground.alpha_composite(picture)
    output = BytesIO()
    ground.convert("RGB").save(output, write_as, quality=90)
    return output.getvalue(), size


def _reason_against(width: int, height: int) -> str | None:
    if width * height > _MOST_PIXELS:
        return f"at most {_MOST_PIXELS // 1_000_000} million are read, save a smaller version"
    if min(width, height) * _LONGEST_SIDE < max(width, height) * _SHORTEST_SIDE:
        return "a model would see nothing in such a strip, cut out the part that matters"
    return None
