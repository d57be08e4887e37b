"""Real samples that lie beside the checkout; a test that needs one is skipped where it is not."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared(path: str) -> Path:
    """Return the sample's path, or skip the test."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"{path} is not here")
    return found
