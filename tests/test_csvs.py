import pytest

from noisyau import csvs
from noisyau.errors import CorpusError


def rows(tmp_path, content: bytes):
    (tmp_path / "own.csv").write_bytes(content)
    return list(csvs.read(tmp_path / "own.csv", ["a"], "Rename it."))


def test_rows_are_read_by_name_with_their_line_after_a_cell_of_two_lines(tmp_path):
    found = rows(tmp_path, '\ufeffb, a\r\n"x\ny", 1\r\n\r\n2,3\r\n'.encode())
    assert [(row.line, row.cells) for row in found] == [
        (3, {"b": "x\ny", "a": "1"}),
        (5, {"b": "2", "a": "3"}),
    ]


@pytest.mark.parametrize(
    ("row", "whole"), [("1,2", True), ("1,2,", True), ("1", False), ("1,2,3", False)]
)
def test_a_row_with_a_cell_too_few_or_too_many_is_marked(tmp_path, row, whole):
    assert rows(tmp_path, f"a,b\n{row}\n".encode())[0].whole is whole


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"own.csv:1: no column 'a'; found \[\]. Rename it."),
        (b"b,c\n", r"own.csv:1: no column 'a'; found \['b', 'c'\]. Rename it."),
        (b"a\nx\nJos\xe9\n", r"own.csv:3: not UTF-8.*save it as UTF-8"),
        (b'a\n"x\n', r"own.csv:2: not a CSV: .*quote left open"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_line(tmp_path, content, message):
    with pytest.raises(CorpusError, match=message):
        rows(tmp_path, content)


def test_blocks_hold_the_same_rows_however_many_come_together(tmp_path):
    (tmp_path / "own.csv").write_text('b, a\n"x\ny", 1\n\n2\n3,4\n')
    for cells, sizes in ((1, [1, 1, 1]), (4, [2, 1]), (99, [3])):
        found = list(csvs.blocks(tmp_path / "own.csv", cells))
        assert [len(block.rows) for block in found] == sizes
        assert [line for block in found for line in block.lines] == [3, 5, 6]
        rows = [row for block in found for row in block.rows]
        assert rows == [["x\ny", " 1"], ["2"], ["3", "4"]]
    (tmp_path / "own.csv").write_text("b,a\n")
    (empty,) = csvs.blocks(tmp_path / "own.csv", 1)
    assert (empty.header, empty.rows) == (("b", "a"), [])
