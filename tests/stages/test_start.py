"""How a stage is started from the command line."""

import sys

import pytest

import stages


@pytest.fixture
def started(monkeypatch, tmp_path):
    """Starts a stage with a flag; returns what it was told, and the locks that it took."""

    def start(*given):
        told = {}
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["stages/pretrain.py", *given])
        main = lambda **arguments: told.update(arguments)  # noqa: E731
        main.__module__ = __name__
        stages.start(main, variant=str, profile=bool)
        return told, sorted(path.name for path in (tmp_path / ".parts/locks").iterdir())

    return start


def test_a_flag_is_off_unless_it_is_given(started):
    assert started("--variant", "a")[0] == {"variant": "a", "profile": False}
    assert started("--variant", "a", "--profile")[0] == {"variant": "a", "profile": True}


def test_a_run_with_a_flag_does_not_run_beside_one_without(started):
    assert started("--variant", "a")[1] == started("--variant", "a", "--profile")[1]
