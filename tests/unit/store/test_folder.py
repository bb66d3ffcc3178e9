"""A folder appears whole or not at all, and so does a file that comes later."""

import pytest

from sim.errors import StoreError
from sim.store import write_file, write_folder

OURS = {"manifest.json": "{}", "table.csv": "old"}


def content(folder):
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*") if p.is_file()}


def test_files_in_folders_of_folders(tmp_path):
    write_folder(tmp_path / "a" / "b", {**OURS, "raw/x.bin": b"x"})
    assert content(tmp_path / "a" / "b") == {**OURS, "raw/x.bin": "x"}
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b"]


def test_the_old_folder_is_replaced_as_a_whole(tmp_path):
    write_folder(tmp_path / "run", {**OURS, "gone.csv": "x"})
    write_folder(tmp_path / "run", {**OURS, "table.csv": "new"})
    assert content(tmp_path / "run") == {**OURS, "table.csv": "new"}
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


ERRORS = [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("x")]


def fails_at(monkeypatch, error, name):
    """Writing a file of this name fails half way."""
    from pathlib import Path

    write = Path.write_bytes

    def half(self, data):
        if name not in self.name:
            return write(self, data)
        write(self, data[:1])
        raise error

    monkeypatch.setattr(Path, "write_bytes", half)
    return pytest.raises(StoreError if isinstance(error, OSError) else type(error))


@pytest.mark.parametrize("error", ERRORS)
def test_what_fails_half_way_leaves_the_old_folder_and_no_rest(tmp_path, monkeypatch, error):
    write_folder(tmp_path / "run", OURS)
    with fails_at(monkeypatch, error, "table.csv") as caught:
        write_folder(tmp_path / "run", {**OURS, "table.csv": "new"})
    if isinstance(error, OSError):
        assert "No space left on device" in str(caught.value)
    assert content(tmp_path / "run") == OURS
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("error", ERRORS)
def test_a_file_that_fails_half_way_leaves_the_old_one_and_no_rest(tmp_path, monkeypatch, error):
    write_file(tmp_path / "figures" / "one.svg", b"old")
    with fails_at(monkeypatch, error, "one.svg"):
        write_file(tmp_path / "figures" / "one.svg", b"new")
    assert content(tmp_path) == {"figures/one.svg": "old"}


def test_a_move_that_fails_puts_the_old_folder_back(tmp_path, monkeypatch):
    from pathlib import Path

    write_folder(tmp_path / "run", OURS)
    rename = Path.rename

    def fails_for_the_new_one(self, target):
        if Path(target).name == "run" and "-old-" not in self.name:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails_for_the_new_one)
    with pytest.raises(StoreError, match="Input/output error"):
        write_folder(tmp_path / "run", {**OURS, "table.csv": "new"})
    assert content(tmp_path / "run") == OURS
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_folder_of_somebody_else_is_not_replaced(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(StoreError, match="not a results folder of ours"):
        write_folder(tmp_path / "thesis", OURS)
    assert content(tmp_path / "thesis") == {"chapter.txt": "years of work"}
    assert [p.name for p in tmp_path.iterdir()] == ["thesis"]


def test_an_empty_folder_may_be_filled(tmp_path):
    (tmp_path / "run").mkdir()
    write_folder(tmp_path / "run", OURS)
    assert content(tmp_path / "run") == OURS


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "run").write_text("precious")
    with pytest.raises(StoreError, match="run: "):
        write_folder(tmp_path / "run", OURS)
    with pytest.raises(StoreError, match="cannot be written"):
        write_folder(tmp_path / "run" / "below", OURS)
    assert (tmp_path / "run").read_text() == "precious"
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
