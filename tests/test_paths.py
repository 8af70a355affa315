"""A file appears whole or not at all."""

import pytest

from helpers import paths


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    target = paths.write_text(tmp_path / "a.txt", "old")
    with pytest.raises(TypeError), paths.writing(target) as handle:
        handle.writelines(["half", 1])
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_json_refuses_what_json_cannot_hold(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        paths.write_json(tmp_path / "a.json", {"p": float("nan")})
    assert list(tmp_path.iterdir()) == []
