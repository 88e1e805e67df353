"""Pictures and sounds: recognised by content, within limits, without metadata."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from homebody.errors import MediaUnreadable
from homebody.media import MOST_BYTES, media_type, read_media
from support.images import encoded, opened, saved, wav


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


def test_the_first_frame_of_an_animation_is_sent():
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    media = read_media(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]), "a.gif", ())

    assert opened(media.data).getpixel((5, 5)) == (255, 0, 0)


def test_transparency_becomes_white():
    media = read_media(saved(Image.new("RGBA", (40, 40), (0, 0, 0, 0))), "a.png", ())

    assert opened(media.data).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (encoded("PNG")[:2000], "a.png cannot be decoded, it may be cut off: save it again."),
        (encoded("JPEG")[:1000], "a.png cannot be decoded, it may be cut off: save it again."),
        (
            b"%PDF-1.7\n",
            (
                "a.png is not a picture or a sound that can be sent: PNG, JPEG, WebP and GIF pictures, "
                "WAV and MP3 sounds are read."
            ),
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
        (b"ID3" + bytes(MOST_BYTES), "a.png is larger than 20 MB: save a smaller version of it."),
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


def test_a_sound_is_passed_on_and_estimated_by_its_length():
    data = wav(seconds=10)
    media = read_media(data, "question.wav", ())

    assert (media.type, media.modality, media.data, media.label) == ("audio/wav", "audio", data, "sound")
    assert media.tokens == 25 * 11
    assert read_media(b"\xff\xfb" + bytes(8000), "a.mp3", ()).tokens == 25 * 3
