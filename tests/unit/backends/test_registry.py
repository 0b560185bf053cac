import pytest

from assistant_app.backends import BACKENDS, backend_class
from assistant_app.core.errors import NotFound


@pytest.mark.parametrize("name", BACKENDS)
def test_every_backend_in_the_table_exists_and_answers(name: str) -> None:
    found = backend_class(name)
    for method in ("load", "unload", "count_tokens", "render", "generate", "cancel"):
        assert callable(getattr(found, method))


def test_an_unknown_backend_is_not_found() -> None:
    with pytest.raises(NotFound):
        backend_class("carrier-pigeon")
