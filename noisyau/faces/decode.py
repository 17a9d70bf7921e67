"""Encoded pictures to pixels, or the reason why not.

A picture's header is read before anything is decoded, so that a small file which would unpack
to gigabytes is refused. Decoders fill in what a truncated file lacks and only print a warning;
here such a file is unreadable.
"""

import io
import warnings
from typing import cast

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from noisyau.items import Picture

_START_OF_SCAN = 0xDA
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}


class UndecodableError(Exception):
    """A picture that gives no pixels.

    reason  `unreadable` or `too_large`
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def decode(encoded: bytes, *, largest: int = 50_000_000) -> Picture:
    """The picture in a file's bytes: 8 bits, three channels, alpha dropped, grey repeated.

    largest  refuse a picture with more pixels than this

    A rotation noted in the EXIF header is carried out, as OpenCV does. Raises UndecodableError.
    """
    kind = _kind(encoded, largest)
    if kind in ("JPEG", "MPO"):
        if not _is_whole_jpeg(encoded):
            raise UndecodableError(
                "unreadable", f"a JPEG cut short: no end marker in {len(encoded):,} bytes"
            )
    else:
        _load_strictly(encoded, kind)
    try:
        picture = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise UndecodableError(
            "unreadable", f"a {kind} that OpenCV refuses: {error.err}"
        ) from error
    if picture is None:
        raise UndecodableError("unreadable", f"a {kind} that cannot be decoded")
    return cast(Picture, picture)


def _kind(encoded: bytes, largest: int) -> str:
    if not encoded:
        raise UndecodableError("unreadable", "empty: 0 bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(encoded)) as header:
                kind, (width, height) = header.format or "picture", header.size
    except Image.DecompressionBombError as error:
        raise UndecodableError("too_large", str(error)) from error
    except UnidentifiedImageError:
        raise UndecodableError(
            "unreadable", f"not a picture: {len(encoded):,} bytes that start {encoded[:8]!r}"
        ) from None
    except Exception as error:  # headers of hostile files raise whatever a parser can raise
        raise UndecodableError("unreadable", f"a header that cannot be read: {error}") from error
    if width * height > largest:
        raise UndecodableError(
            "too_large", f"{width} x {height} pixels, more than {largest:,} (faces.largest_picture)"
        )
    return kind


def _is_whole_jpeg(encoded: bytes) -> bool:
    """Whether an end marker follows the first scan's start.

    The marker may be followed by other data, and a thumbnail in the header has one of its own;
    inside a scan the bytes FF D9 cannot occur.
    """
    at = 2
    while at + 4 <= len(encoded):
        if encoded[at] != 0xFF:
            return False
        marker = encoded[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif marker in _WITHOUT_LENGTH:
            at += 2
        elif marker == _START_OF_SCAN:
            return encoded.find(b"\xff\xd9", at) >= 0
        else:
            at += 2 + int.from_bytes(encoded[at + 2 : at + 4], "big")
    return False


def _load_strictly(encoded: bytes, kind: str) -> None:
    """Decode with Pillow too, which raises on a file that is cut short where OpenCV does not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(encoded)) as picture:
                picture.load()
    except Exception as error:  # as above
        raise UndecodableError("unreadable", f"a damaged {kind}: {error}") from error
