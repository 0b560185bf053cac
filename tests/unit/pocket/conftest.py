"""The sentences that the pocket Whisper is trained on."""

import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[3] / "packaging" / "pocket" / "whisper"


@pytest.fixture(scope="session")
def spoken() -> Any:
    """Return the module `sentences` of the training scripts, which needs the standard library only."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        import sentences
    finally:
        sys.path.remove(str(SCRIPTS))
    return sentences
