"""An empty working directory with one scenario."""

import pytest

from tests.cli.shell import TEXT


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Where it is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(TEXT)
    return tmp_path
