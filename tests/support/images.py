"""Pictures for tests, made by Pillow."""

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
