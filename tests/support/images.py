"""Pictures and sounds for tests, made by Pillow and by hand."""

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image


def encoded(form: str = "PNG", size: tuple[int, int] = (80, 60), **options: Any) -> bytes:
    pixels = np.random.default_rng(29).integers(0, 255, (size[1], size[0], 3), dtype="uint8")
    return saved(Image.fromarray(pixels), form, **options)


def saved(picture: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    output = BytesIO()
    picture.save(output, form, **options)
    return output.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def wav(seconds: int) -> bytes:
    rate = 16_000
    size = rate * seconds
    form = b"fmt " + b"".join(
        number.to_bytes(length, "little")
        for number, length in ((16, 4), (1, 2), (1, 2), (8000, 4), (rate, 4), (2, 2), (16, 2))
    )
    content = form + b"data" + size.to_bytes(4, "little") + bytes(size)
    return b"RIFF" + (len(content) + 4).to_bytes(4, "little") + b"WAVE" + content
