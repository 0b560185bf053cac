"""After an update the data is carried over and a copy of before is kept; an older version never harms it."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from assistant_app import app as composition
from assistant_app.core.errors import AssistantError
from assistant_app.core.events import Event, Notice
from assistant_app.paths import Paths
from assistant_app.store import index, schema
from assistant_app.store.database import connect, create_private, transaction
from assistant_app.worker.thread import WorkerThread

Ask = Callable[..., Any]


@contextmanager
def started(paths: Paths) -> Iterator[tuple[WorkerThread, list[Event]]]:
    """The application as it runs behind its window, and what it tells."""
    worker = composition.build_worker(paths, composition.prepare(paths), has_window=True)
    heard: list[Event] = []
    worker.api.subscribe(heard.append)
    worker.start()
    try:
        yield worker, heard
    finally:
        assert worker.stop()


def titles(worker: WorkerThread) -> list[str]:
    """Return the list of conversations."""
    return [row.title for row in worker.call(worker.api.conversations()).result(60)]


def test_an_update_keeps_a_copy_and_going_back_reads_but_changes_nothing(paths: Paths) -> None:
    create_private(paths.database)
    with closing(connect(paths.database)) as connection:
        schema.migrate(connection, up_to=schema.LATEST - 1)
        with transaction(connection):
            connection.execute(
                """INSERT INTO conversation(id, title, created_at, updated_at, pinned)
                   VALUES('c', 'From before', 1, 1, 0)"""
            )
        index.rebuild(connection)

    with started(paths) as (worker, heard):
        assert titles(worker) == ["From before"]
        (copy,) = (
            s for s in worker.call(worker.api.snapshots()).result(60) if s.reason == "migration"
        )
        assert copy.schema_version == schema.LATEST - 1
        kept = worker.call(worker.api.snapshot_conversations(copy.id)).result(60)
        assert [row.title for row in kept] == ["From before"]
        assert not [event for event in heard if isinstance(event, Notice)]

    # What a later version leaves behind when somebody goes back to this one.
    with closing(connect(paths.database)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.LATEST + 1}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = paths.database.read_bytes()
    with started(paths) as (worker, heard):
        assert titles(worker) == ["From before"]
        (notice,) = (event for event in heard if isinstance(event, Notice))
        assert "saved by a newer version" in notice.sentence
        assert "Install the newer version to go on" in notice.sentence
        with pytest.raises(AssistantError, match="saved by a newer version"):
            worker.call(worker.api.submit("c", "a question")).result(60)
    assert paths.database.read_bytes() == before
