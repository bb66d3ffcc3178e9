"""The material beside the checkout: files of other tools, as their projects publish them."""

from pathlib import Path

import pytest

PLACE = Path(__file__).parents[2] / "shared"


def data(name: str) -> Path:
    """A file of ../shared/data; the test is skipped where it is not there."""
    path = PLACE / "data" / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path
