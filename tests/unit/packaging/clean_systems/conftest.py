"""The modules of packaging/test/, which are no package: they are imported by their names alone."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

SCRIPTS = Path(__file__).parents[4] / "packaging" / "test"


@pytest.fixture(scope="session")
def parts() -> SimpleNamespace:
    """Return those of its modules that need no root and no screen."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        import artefacts
        import base_system
        import findings
        import linkage
        import package_test
        import pictures
    finally:
        sys.path.remove(str(SCRIPTS))
    return SimpleNamespace(
        base_system=base_system,
        linkage=linkage,
        artefacts=artefacts,
        pictures=pictures,
        findings=findings,
        package_test=package_test,
    )
