"""Hashes of real, drawn and damaged faces."""

import cv2
import numpy as np
import pyarrow as pa
import pytest

from noisyau import facestore, tables
from noisyau.errors import TableError
from noisyau.likeness import hashes
from tests.faces import drawing
from tests.likeness.stores import write_store


def crop(**knobs):
    return drawing.face(224, **knobs)


def apart(one, other):
    """Bits of the first half, and of the second or its opposite, that differ."""
    differ = np.unpackbits(np.frombuffer(one, np.uint8) ^ np.frombuffer(other, np.uint8))
    turned = int(differ[128:].sum())
    return int(differ[:128].sum()) + min(turned, 128 - turned)


def changed(picture, gain, lift):
    return np.clip(picture * gain + lift, 0, 255).astype(np.uint8)


def test_the_bits_are_the_signs_of_waves_as_their_definition_gives_them():
    picture = crop(mouth=9, brow=4)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[45:179, 45:179]
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(float)
    at = np.arange(32) + 0.5
    bits = np.unpackbits(np.frombuffer(hashes.fine_hash(picture), np.uint8))
    for number, (down, across) in enumerate(hashes._KEPT):
        pattern = np.outer(np.cos(np.pi * down * at / 32), np.cos(np.pi * across * at / 32))
        wave = (small * pattern).sum()
        if abs(wave) > 1e-3 * abs(small).sum():
            assert bits[number] == (wave > 0), (down, across)


def test_brightness_and_contrast_change_no_more_than_what_rounding_does():
    assert apart(hashes.fine_hash(crop()), hashes.fine_hash(changed(crop(), 0.8, 25))) <= 12


def test_a_mirror_leaves_the_first_half_and_turns_the_second():
    noise = np.random.default_rng(1).integers(0, 256, (8, 8, 3), np.uint8)
    picture = cv2.resize(noise, (224, 224), interpolation=cv2.INTER_CUBIC)
    one = np.unpackbits(np.frombuffer(hashes.fine_hash(picture), np.uint8))
    other = np.unpackbits(np.frombuffer(hashes.fine_hash(picture[:, ::-1]), np.uint8))
    assert (one[:128] == other[:128]).mean() > 0.98
    assert (one[128:] != other[128:]).mean() > 0.98


def test_a_flat_crop_is_all_zeros():
    assert hashes.fine_hash(np.full((224, 224, 3), 77, np.uint8)) == bytes(32)


def test_the_table_has_the_first_face_of_each_picture_and_the_hash_begins_the_fine_one(tmp_path):
    pictures = {"ann/1#0": crop(), "ann/1#1": crop(mouth=12), "bob/2#0": crop(brow=9)}
    store = write_store(tmp_path / "faces", pictures)
    out = tmp_path / "hashes.parquet"
    rows = hashes.hash_faces(store, out, workers=1, parts=tmp_path / "parts")
    table = tables.read(out, tables.HASHES)
    assert rows == 2
    assert table["face_id"].tolist() == ["ann/1#0", "bob/2#0"]
    assert table["subject"].tolist() == ["ann", "bob"]
    stored = next(facestore.read_faces(store, ["image"]))["image"][0].as_py()
    decoded = cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_COLOR)
    assert table["fine"][0] == hashes.fine_hash(decoded)
    assert [int.from_bytes(fine[:8]) for fine in table["fine"]] == table["hash"].tolist()
    words = hashes.words(tables.read_arrow(out)["fine"])
    assert words[:, 0].tolist() == table["hash"].tolist()
    assert words.shape == (2, 4)
    assert not (tmp_path / "parts").exists()


def test_words_of_a_sliced_column_are_those_of_its_rows():
    rng = np.random.default_rng(2)
    fine = [rng.bytes(32) for _ in range(5)]
    column = pa.chunked_array(
        [pa.array(fine[:3], pa.binary(32)), pa.array(fine[3:], pa.binary(32))]
    )
    expected = [[int.from_bytes(one[k : k + 8]) for k in range(0, 32, 8)] for one in fine]
    assert hashes.words(column[1:4]).tolist() == expected[1:4]


@pytest.mark.parametrize("damage", [lambda image: image[: len(image) // 2], lambda _: b""])
def test_a_damaged_picture_is_refused_with_its_name_and_the_remedy(tmp_path, damage):
    store = write_store(tmp_path / "faces", {"ann/1#0": crop(), "ann/2#0": crop()}, damage)
    with pytest.raises(TableError, match=r"faces-00000.parquet: ann/2#0: .*bytes.*Remove .*faces"):
        hashes.hash_faces(store, tmp_path / "out", workers=1, parts=tmp_path / "parts")
    assert not (tmp_path / "out").exists()
