"""Pictures: recognised by content, within limits, without metadata."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from homebody.errors import MediaUnreadable
from homebody.media import MOST_BYTES, media_type, read_media
from support.images import encoded, opened, saved


@pytest.mark.parametrize(
    ("form", "kind", "sent"),
    [
        ("PNG", "image/png", "image/png"),
        ("JPEG", "image/jpeg", "image/jpeg"),
        ("WEBP", "image/webp", "image/png"),
        ("GIF", "image/gif", "image/png"),
    ],
)
def test_a_picture_is_recognised_by_its_content(form, kind, sent):
    data = encoded(form)
    media = read_media(data, "notes.txt", ("file:///w/notes.txt",))

    assert media_type(data) == kind
    assert (media.type, media.width, media.height, media.label) == (sent, 80, 60, "picture, 80 x 60")
    assert opened(media.data).size == (80, 60)


@pytest.mark.parametrize(
    ("size", "sent"),
    [
        ((1920, 1080), (1540, 866)),
        ((1000, 4000), (385, 1540)),
        ((16, 16), (28, 28)),
        ((20_000, 400), (1540, 31)),
        ((8000, 8000), (1540, 1540)),
    ],
)
def test_a_picture_is_scaled_to_what_encoders_read(size, sent):
    media = read_media(saved(Image.new("1", size)), "a.png", ())

    assert (media.width, media.height) == opened(media.data).size == sent


def test_metadata_is_removed_and_the_picture_stays_upright():
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "ACME camera", 6  # maker; turned by 90 degrees
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "the place")
    photo = read_media(encoded("JPEG", exif=exif, comment=b"the place", icc_profile=b"colours"), "a", ())
    picture = read_media(encoded("PNG", pnginfo=text), "b", ())

    assert (photo.width, photo.height) == (60, 80)
    assert not opened(photo.data).getexif()
    for secret in (b"ACME", b"the place", b"colours"):
        assert secret not in photo.data + picture.data


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "MPO"])
def test_the_first_frame_of_an_animation_is_sent(form):
    """MPO is the JPEG of telephones that take several pictures at once."""
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    data = saved(frames[0], form, save_all=True, append_images=frames[1:])

    red, _, blue = opened(read_media(data, "a", ()).data).getpixel((5, 5))

    assert red > 230
    assert blue < 20


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(("turned", "corner"), [(3, (90, 90)), (6, (90, 10)), (8, (10, 90))])
def test_a_photo_is_shown_upright(form, turned, corner):
    """The camera was upside down, or on one of its sides; the corner is where the red one is, in percent."""
    photo, exif = Image.new("RGB", (4000, 2000), "white"), Image.Exif()
    photo.paste("red", (0, 0, 1000, 500))
    exif[0x0112] = turned
    sent = opened(read_media(saved(photo, form, exif=exif), "a", ()).data)

    assert sent.size == ((1540, 770) if turned == 3 else (770, 1540))
    corners = [(x, y) for x in (10, 90) for y in (10, 90)]
    green = {(x, y): sent.getpixel((x * sent.width // 100, y * sent.height // 100))[1] for x, y in corners}
    assert [at for at in corners if green[at] < 99] == [corner]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_dark_text_on_a_transparent_ground_stays_visible(mode):
    picture = Image.new("LA", (80, 40), (0, 0))
    picture.paste((0, 255), (20, 10, 60, 30))
    media = read_media(saved(picture.convert("RGBA").convert(mode)), "a.png", ())

    sent = opened(media.data)
    assert [sent.getpixel((x, 20)) for x in (5, 40)] == [(255,) * 3, (0,) * 3]


def test_a_scan_with_16_bits_keeps_its_shades():
    scan = Image.new("I;16", (80, 40))
    scan.putdata([800 * x for _ in range(40) for x in range(80)])
    sent = opened(read_media(saved(scan), "scan.png", ()).data)

    assert [sent.getpixel((x, 20))[0] for x in (0, 20, 40, 79)] == [0, 62, 124, 245]


def test_the_colours_of_a_print_are_those_of_the_screen():
    media = read_media(saved(Image.new("CMYK", (40, 40), (0, 255, 255, 0)), "JPEG"), "a.jpg", ())

    assert opened(media.data).getpixel((5, 5)) == (254, 0, 0)


def test_a_photo_with_damaged_metadata_is_read_without_a_word():
    """Pillow warns, on stderr; tests fail at a warning."""
    exif = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 20

    assert read_media(encoded("JPEG", exif=exif), "a.jpg", ()).width == 80


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (encoded("PNG")[:2000], "a.png cannot be decoded, it may be cut off: save it again."),
        (encoded("JPEG")[:1000], "a.png cannot be decoded, it may be cut off: save it again."),
        (
            b"%PDF-1.7\n",
            ("a.png is not a picture that can be sent: PNG, JPEG, WebP and GIF pictures are read."),
        ),
        (
            saved(Image.new("1", (20_000, 10))),
            (
                "a.png has 20000 x 10 pixels: a model would see nothing in such a "
                "strip, cut out the part that matters."
            ),
        ),
        (
            saved(Image.new("1", (8001, 8000))),
            "a.png has 8001 x 8000 pixels: at most 64 million are read, save a smaller version.",
        ),
        (b"GIF89a" + bytes(MOST_BYTES), "a.png is larger than 20 MB: save a smaller version of it."),
    ],
    ids=["PNG cut off", "JPEG cut off", "PDF", "strip", "bomb", "size"],
)
def test_bad_input_is_refused_in_one_sentence(data, message):
    with pytest.raises(MediaUnreadable) as raised:
        read_media(data, "a.png", ())

    assert str(raised.value) == message


@given(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF"]), st.data())
def test_a_damaged_file_is_read_or_refused(form, data):
    content = bytearray(encoded(form))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MediaUnreadable):
        read_media(bytes(content), "a", ())
