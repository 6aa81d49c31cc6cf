import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from small_pictures import picture

from grader.datasets.picture import (
    UnreadablePictureError,
    content_digest,
    examine,
    strict_pillow,
    without_metadata,
)

SECRET = "homer_simpson"


def with_exif(**save) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = SECRET  # ImageDescription
    return picture(1, exif=exif, comment=SECRET.encode(), **save)


def with_text() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", SECRET)
    text.add_itxt("Comment", SECRET)
    return picture(1, kind="PNG", pnginfo=text)


def pixels(data: bytes) -> bytes:
    return Image.open(io.BytesIO(data)).convert("RGB").tobytes()


@pytest.mark.parametrize(
    "data",
    [
        with_exif(),
        with_exif(progressive=True),
        with_exif(icc_profile=b"profile of " + SECRET.encode()),
        with_exif() + SECRET.encode(),
        with_text(),
        with_text() + SECRET.encode(),
    ],
    ids=["jpeg", "progressive", "icc", "jpeg with a tail", "png", "png with a tail"],
)
def test_metadata_goes_and_every_pixel_stays(data):
    bare = without_metadata(data)

    assert SECRET.encode() in data
    assert SECRET.encode() not in bare
    assert pixels(bare) == pixels(data)
    assert without_metadata(bare) == bare


def test_two_copies_with_other_metadata_are_one_picture():
    assert content_digest(with_exif()) == content_digest(picture(1))
    assert content_digest(picture(1)) != content_digest(picture(2))


def test_a_cmyk_jpeg_keeps_its_colours():
    out = io.BytesIO()
    Image.new("CMYK", (20, 20), (10, 200, 30, 40)).save(out, "JPEG")

    assert pixels(without_metadata(out.getvalue())) == pixels(out.getvalue())


@pytest.mark.parametrize(("kind", "size"), [("JPEG", (40, 48)), ("PNG", (28, 28)), ("JPEG", (1, 1))])
def test_a_picture_is_known_by_its_content(kind, size):
    facts = examine(picture(3, kind=kind, size=size))

    assert (facts.format, facts.width, facts.height) == (kind, *size)


@pytest.mark.parametrize(
    "data",
    [b"", b"not a picture", picture(1)[:300], picture(1, kind="PNG")[:300], b"GIF89a" + bytes(50)],
    ids=["empty", "text", "half a jpeg", "half a png", "gif"],
)
def test_what_cannot_be_decoded_to_its_end_is_unreadable(data):
    with pytest.raises(UnreadablePictureError):
        examine(data)


def test_a_decompression_bomb_is_unreadable():
    out = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(out, "PNG")

    with strict_pillow(), pytest.raises(UnreadablePictureError, match="bomb"):
        examine(out.getvalue())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([picture(1), picture(1, kind="PNG"), with_exif(), with_text()]), st.data())
def test_a_damaged_file_is_a_picture_or_unreadable_and_nothing_else(data, draw):
    damaged = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 8))):
        damaged[draw.draw(st.integers(0, len(damaged) - 1))] = draw.draw(st.integers(0, 255))
    with strict_pillow():
        try:
            examine(bytes(damaged))
        except UnreadablePictureError:
            return


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=200).map(lambda tail: b"\xff\xd8\xff" + tail)))
def test_stripping_any_bytes_ends(data):
    assert len(without_metadata(data)) <= len(data)
