import io
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from noisyau.faces.decode import UndecodableError, decode
from tests.faces import drawing


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def reason(encoded: bytes, largest: int = 50_000_000) -> tuple[str, str]:
    with pytest.raises(UndecodableError) as caught:
        decode(encoded, largest=largest)
    return caught.value.reason, caught.value.detail


def photo(width: int = 60, height: int = 40) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    return Image.fromarray(pixels)


def huge_png(width: int, height: int) -> bytes:
    """A few bytes whose header promises a great picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + check

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF"])
def test_common_formats_become_three_channels_of_8_bits(kind: str) -> None:
    picture = decode(saved(photo(), kind))
    assert (picture.shape, picture.dtype) == ((40, 60, 3), np.uint8)


@pytest.mark.parametrize("mode", ["L", "RGBA", "LA", "P", "I;16", "1"])
def test_grey_alpha_palette_and_16_bits_become_three_channels_of_8_bits(mode: str) -> None:
    if mode == "I;16":
        pixels = np.full((40, 60), 128 * 257, np.uint16)
        encoded = cv2.imencode(".png", pixels)[1].tobytes()
        assert abs(int(decode(encoded).mean()) - 128) <= 1
    else:
        picture = decode(saved(photo().convert(mode), "PNG"))
        assert (picture.shape, picture.dtype) == ((40, 60, 3), np.uint8)


def test_a_cmyk_jpeg_is_read() -> None:
    assert decode(saved(photo().convert("CMYK"), "JPEG")).shape == (40, 60, 3)


def test_the_rotation_noted_by_the_camera_is_carried_out() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    assert decode(saved(photo(60, 40), "JPEG", exif=exif)).shape == (60, 40, 3)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_cut_short_is_unreadable(share: float, progressive: bool) -> None:
    whole = saved(photo(), "JPEG", quality=95, progressive=progressive)
    assert reason(whole[: int(share * len(whole))])[0] == "unreadable"


def test_a_jpeg_cut_short_is_not_saved_by_the_end_marker_of_its_thumbnail() -> None:
    thumbnail = saved(photo(16, 16), "JPEG")
    body = saved(photo(), "JPEG")
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    with_thumbnail = body[:2] + segment + body[2:]
    assert decode(with_thumbnail).shape == (40, 60, 3)
    kind, detail = reason(with_thumbnail[: -len(body) // 2])
    assert (kind, "cut short" in detail) == ("unreadable", True)


def test_a_jpeg_whose_rest_was_never_downloaded_is_unreadable() -> None:
    whole = saved(photo(), "JPEG")
    assert reason(whole[: len(whole) // 2] + bytes(len(whole) // 2))[0] == "unreadable"


def test_data_after_the_end_of_a_jpeg_does_no_harm() -> None:
    assert decode(saved(photo(), "JPEG") + b"\0" * 100).shape == (40, 60, 3)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "BMP"])
def test_other_pictures_cut_short_are_unreadable(kind: str) -> None:
    whole = saved(photo(), kind)
    assert reason(whole[: int(0.7 * len(whole))])[0] == "unreadable"


@pytest.mark.parametrize(
    "encoded", [b"", b"\xff\xd8", b"\xff\xd8\xff", b"<html>404</html>", b"\0" * 500]
)
def test_what_is_no_picture_is_unreadable(encoded: bytes) -> None:
    kind, detail = reason(encoded)
    assert kind == "unreadable"
    assert detail


def test_random_damage_never_raises_anything_else() -> None:
    random = np.random.default_rng(0)
    outcomes = set()
    for whole in (drawing.jpeg(drawing.face(64)), saved(photo(), "PNG"), saved(photo(), "WEBP")):
        for _ in range(60):
            damaged = bytearray(whole)
            for at in random.integers(0, min(len(whole), 300), 4):
                damaged[at] = random.integers(256)
            try:
                outcomes.add(decode(bytes(damaged)).dtype)
            except UndecodableError as error:
                outcomes.add(error.reason)
    assert outcomes <= {np.dtype(np.uint8), "unreadable", "too_large"}


@pytest.mark.parametrize("side", [12_000, 20_000, 60_000])
def test_a_picture_of_too_many_pixels_is_refused_from_its_header(side: int) -> None:
    kind, detail = reason(huge_png(side, side))
    assert kind == "too_large"
    assert "pixels" in detail


def test_the_limit_of_pixels_is_a_parameter() -> None:
    encoded = saved(photo(60, 40), "JPEG")
    assert decode(encoded, largest=2400).shape == (40, 60, 3)
    assert reason(encoded, largest=2399) == (
        "too_large",
        "60 x 40 pixels, more than 2,399 (faces.largest_picture)",
    )
