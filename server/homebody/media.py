"""Pictures and sounds that are sent with a message: recognised by their content, within limits.

The bytes are untrusted. A picture is decoded by Pillow, which is imported when the first one is read, and
written anew: smaller if it is large, without metadata such as place and camera, in a format that every server
decodes. A sound is passed on unchanged.
"""

import warnings
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from mimetypes import guess_type
from typing import TYPE_CHECKING, Literal, TypeAlias

from homebody.errors import MediaUnreadable

if TYPE_CHECKING:
    from PIL.Image import Image

Modality: TypeAlias = Literal["vision", "audio"]

MOST_BYTES = 20 * 1024 * 1024
"""Size of the largest file."""

READ_FORMATS = "PNG, JPEG, WebP and GIF pictures, WAV and MP3 sounds"

_MOST_PIXELS = 64_000_000
"""Width times height that is decoded; a small file can claim any number."""

_LONGEST_SIDE = 1540
"""Longest side that is sent, in pixels: the largest that Ministral's encoder takes. Qwen3-VL takes any size,
and would read eleven times as many tokens from a 5K screenshot; the text of one in full HD stays legible."""

_SHORTEST_SIDE = 28
"""Side of the square that an encoder reads as one token, in pixels; Qwen2.5-VL refuses smaller pictures."""

_LIGHT = 128
"""Grey that can be seen on black, of 255."""

_LEAST_TOKENS = 1024
"""Estimate for a small picture, which some encoders enlarge (LLaVA: 576 tokens, Gemma 4: up to 1,120)."""

_TOKENS_A_SECOND = 25
"""Estimate for sound: Qwen2-Audio's; newer models need half of it."""

_MP3_BYTES_A_SECOND = 4000
"""At 32 kbit/s, which few files are below."""


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or a sound, as it is sent.

    Attributes
    ----------
    type
        ``image/png``, ``image/jpeg``, ``audio/wav`` or ``audio/mpeg``.
    sources
        As of a prompt's text.
    width, height
        In pixels; 0 for a sound.
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
    def modality(self) -> Modality:
        """What a model needs to take it."""
        return "vision" if self.type.startswith("image/") else "audio"

    @property
    def label(self) -> str:
        """What it is, for the user: ``picture, 800 x 600``."""
        return f"picture, {self.width} x {self.height}" if self.width else "sound"

    @property
    def text(self) -> str:
        """What stands for it where a prompt is shown."""
        return f"[{self.name}: {self.label}]\n"

    @property
    def base64(self) -> str:
        """The bytes as requests carry them."""
        return b64encode(self.data).decode()


def to_modalities(words: Iterable[str]) -> frozenset[Modality]:
    """Convert what a server says that a model takes."""
    return frozenset(_MODALITIES[word] for word in words if word in _MODALITIES)


def media_type(data: bytes) -> str | None:
    """Recognise what is read, by its first bytes; ``None`` for anything else."""
    form = data[8:12] if data[:4] == b"RIFF" else b""
    return next((kind for kind, begins in _BEGINNINGS.items() if data.startswith(begins)), _RIFF.get(form))


def read_media(data: bytes, name: str, sources: tuple[str, ...]) -> Media:
    """Read a picture or a sound. Decoding a large picture takes a second.

    Raises
    ------
    MediaUnreadable
        It is neither, too large, or damaged.

    """
    kind = media_type(data)
    if kind is None:
        message = f"{name} is not a picture or a sound that can be sent: {READ_FORMATS} are read."
        raise MediaUnreadable(message)
    if len(data) > MOST_BYTES:
        raise too_large(name)
    if kind == "audio/wav":
        rate = int.from_bytes(data[28:32], "little") or 1
        return Media(name, kind, data, sources, tokens=_TOKENS_A_SECOND * (len(data) // rate + 1))
    if kind == "audio/mpeg":
        return Media(
            name, kind, data, sources, tokens=_TOKENS_A_SECOND * (len(data) // _MP3_BYTES_A_SECOND + 1)
        )
    return _read_picture(data, kind, name, sources)


def is_named_as_media(name: str) -> bool:
    """Whether a file's name says that it is a picture or a sound; SVG is text."""
    kind = guess_type(name)[0] or ""
    return kind.startswith(("image/", "audio/")) and kind != "image/svg+xml"


def too_large(name: str) -> MediaUnreadable:
    """Return the error for a file that is larger than what is read."""
    return MediaUnreadable(
        f"{name} is larger than {MOST_BYTES // 1024 // 1024} MB: save a smaller version of it."
    )


_MODALITIES: Mapping[str, Modality] = {"vision": "vision", "image": "vision", "audio": "audio"}
_BEGINNINGS = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": (b"GIF87a", b"GIF89a"),
    "audio/mpeg": (b"ID3\x02", b"ID3\x03", b"ID3\x04", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
}
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}


def _read_picture(data: bytes, kind: str, name: str, sources: tuple[str, ...]) -> Media:
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
        size = _sent_size(*opened.size)
        frame: Image.Image = opened
        if frame.mode.startswith("I"):  # 16 bits of grey, which ``convert`` would cut to white
            frame = frame.point(lambda grey: grey * (1 / 257)).convert("L")
        if frame.mode not in {"L", "RGB", "RGBA"}:
            frame = frame.convert("RGBA" if frame.has_transparency_data else "RGB")
        picture = frame.resize(size, Image.Resampling.LANCZOS).convert("RGBA")
    # Encoders ignore transparency. Most text on it is dark; where nothing is, it needs a black ground.
    flat = _on_ground(picture, "white")
    if not any(flat.convert("L").histogram()[:_LIGHT]):
        flat = _on_ground(picture, "black")
    output = BytesIO()
    flat.save(output, write_as, quality=90)
    return output.getvalue(), size


def _on_ground(picture: "Image", colour: str) -> "Image":
    from PIL import Image

    ground = Image.new("RGBA", picture.size, colour)
    ground.alpha_composite(picture)
    return ground.convert("RGB")


def _reason_against(width: int, height: int) -> str | None:
    if width * height > _MOST_PIXELS:
        return f"at most {_MOST_PIXELS // 1_000_000} million are read, save a smaller version"
    if min(width, height) * _LONGEST_SIDE < max(width, height) * _SHORTEST_SIDE:
        return "a model would see nothing in such a strip, cut out the part that matters"
    return None


def _sent_size(width: int, height: int) -> tuple[int, int]:
    scale = max(min(1.0, _LONGEST_SIDE / max(width, height)), _SHORTEST_SIDE / min(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
