"""Full disk, read-only home, newer version, older versions, damage: one sentence, a way on, nothing lost."""

import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from assistant_app.core.conversation import Conversation
from assistant_app.core.errors import StoreError
from assistant_app.paths import Paths
from assistant_app.store import conversations, index, schema
from assistant_app.store.database import connect, create_private, transaction
from assistant_app.store.errors import DiskFull, NewerDatabase
from assistant_app.store.store import Store
from tests.fixtures import chats

Open = Callable[[], Store]


# --- versions
@pytest.mark.parametrize("version", range(1, schema.LATEST))
def test_every_earlier_version_is_migrated_after_a_snapshot(
    open_store: Open, paths: Paths, version: int
) -> None:
    create_private(paths.database)
    with closing(connect(paths.database)) as connection:
        schema.migrate(connection, up_to=version)
        with transaction(connection):
            for number in range(3):
                connection.execute(
                    """INSERT INTO conversation(id, title, created_at, updated_at, pinned, leaf_id)
                       VALUES(?, ?, 1, 1, 0, ?)""",
                    (f"c{number}", f"Old title {number}", f"m{number}"),
                )
                connection.execute(
                    """INSERT INTO message(id, conversation_id, role, state, created_at, model, error, parts)
                       VALUES(?, ?, 'user', 'done', 1, '', '', ?)""",
                    (f"m{number}", f"c{number}", '[{"type":"text","text":"旧消息 old words"}]'),
                )
        if version > 1:
            index.rebuild(connection)
    store = open_store()
    assert store.notices == []
    assert len(store.list_conversations()) == 3
    assert store.tree("c1").messages["m1"].text == "旧消息 old words"
    assert len(store.search("消息")) == 3 == len(store.search("old titl"))
    (snapshot,) = store.snapshots()
    assert (snapshot.reason, snapshot.schema_version) == ("migration", version)
    # The time machine reads and restores what an older version saved.
    assert len(store.snapshot_conversations(snapshot.id)) == 3
    copy_id = store.restore_conversation(snapshot.id, "c2")
    assert [m.text for m in store.tree(copy_id).messages.values()] == ["旧消息 old words"]
    store.restore_all(snapshot.id)
    assert len(store.list_conversations()) == 3
    store.purge_trash(store.trash_conversation("c0"))
    assert {len(store.snapshot_conversations(s.id)) for s in store.snapshots()} == {2, 3}


def test_a_migration_that_fails_changes_nothing(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    create_private(paths.database)
    with closing(connect(paths.database)) as connection:
        schema.migrate(connection, up_to=1)

        def broken(target: sqlite3.Connection) -> None:
            target.execute("CREATE TABLE half_done(x)")
            raise sqlite3.OperationalError("power cut")

        monkeypatch.setattr(schema, "MIGRATIONS", (schema.MIGRATIONS[0], broken))
        with pytest.raises(sqlite3.OperationalError):
            schema.migrate(connection)
        assert schema.version(connection) == 1
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'half_done'").fetchall()


def test_a_newer_database_is_read_but_never_written(open_store: Open, paths: Paths) -> None:
    store = open_store()
    made = chats.conversation(store, "From the future")
    chats.said(store, made.id, "hello", "there")
    store.save_draft(made.id, "old draft")
    store.close()
    with closing(connect(paths.database)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.LATEST + 1}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = paths.database.read_bytes()

    store = open_store()
    assert [notice.code for notice in store.notices] == ["store-newer"]
    assert "newer version" in store.notices[0].sentence
    assert not store.writable
    assert [row.title for row in store.list_conversations()] == ["From the future"]
    assert len(store.tree(made.id).messages) == 2
    assert len(store.search("hello")) == 1
    for write in (
        lambda: store.add_message(chats.message(made.id, "x")),
        lambda: store.trash_conversation(made.id),
        lambda: store.update_conversation(made.id, title="x"),
    ):
        with pytest.raises(NewerDatabase):
            write()
    # What is typed is kept as long as the window is open.
    assert store.draft(made.id) == "old draft"
    store.save_draft(made.id, "new words")
    store.save_draft("", "more")
    store.set_state("key", 1)
    assert (store.draft(made.id), store.draft(""), store.get_state("key")) == ("new words", "more", 1)
    assert store.maintain() == []
    store.close()
    assert paths.database.read_bytes() == before


# --- disks
@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_said_and_the_next_try_succeeds(small_disk: Path) -> None:
    paths = Paths.under(small_disk)
    store = Store.open(paths)
    made = chats.conversation(store, "Full")
    (first,) = chats.said(store, made.id, "before")
    filler = small_disk / "filler"
    with open(filler, "wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(bytes(4096))
    big = chats.message(made.id, "typed text " * 20_000, first.id)
    with pytest.raises(DiskFull) as caught:
        store.add_message(big)
    assert "no room" in caught.value.sentence()
    # Reading goes on, nothing is half there, and once there is room the same call works.
    assert list(store.tree(made.id).messages) == [first.id]
    assert store.conversation(made.id).leaf_id == first.id
    with pytest.raises(StoreError):
        store.take_snapshot()
    assert store.snapshots() == []
    assert [notice.code for notice in store.maintain()] in (["store-full"], [])
    filler.unlink()
    store.add_message(big)
    assert store.message(big.id) == big
    store.close()


def test_a_database_that_may_not_grow_says_so(store: Store) -> None:
    made = chats.conversation(store, "Full")
    (first,) = chats.said(store, made.id, "before")
    big = chats.message(made.id, "typed text " * 50_000, first.id)
    with store._db.read() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull):
        store.add_message(big)
    assert list(store.tree(made.id).messages) == [first.id]
    with store._db.read() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    store.add_message(big)
    assert store.message(big.id) == big


def test_without_room_for_the_copy_nothing_is_migrated(small_disk: Path) -> None:
    paths = Paths.under(small_disk)
    create_private(paths.database)
    with closing(connect(paths.database)) as connection:
        schema.migrate(connection, up_to=1)
        connection.execute("INSERT INTO conversation VALUES(1, 'c', 'Old', 1, 1, 0, '', '', '', NULL, NULL)")
        connection.execute("CREATE TABLE ballast AS SELECT zeroblob(1500000)")
    store = Store.open(paths)
    assert [notice.code for notice in store.notices] == ["store-in-memory"]
    assert "the disk is full" in store.notices[0].sentence
    assert [row.title for row in store.search("old")] == ["Old"]
    store.close()
    with closing(connect(paths.database)) as connection:
        assert schema.version(connection) == 1
    assert list(paths.snapshots.iterdir()) == []


def test_a_start_on_a_full_disk_shows_what_there_is(small_disk: Path) -> None:
    paths = Paths.under(small_disk)
    store = Store.open(paths)
    made = chats.conversation(store, "There already")
    chats.said(store, made.id, "words")
    store.close()
    with open(small_disk / "filler", "wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(bytes(4096))
    store = Store.open(paths)
    assert [row.title for row in store.list_conversations()] == ["There already"]
    try:
        store.add_message(chats.message(made.id, "more " * 50_000))
        assert not store.persistent and store.notices
    except StoreError as error:
        assert error.code == "store-full"
    store.close()


def test_a_read_only_home_is_readable_and_everything_else_stays_in_memory(small_disk: Path) -> None:
    paths = Paths.under(small_disk)
    store = Store.open(paths)
    made = chats.conversation(store, "Old one")
    chats.said(store, made.id, "words")
    # Die without closing, so that the newest messages lie in the write-ahead log only.
    (small_disk / "copy").mkdir()
    for name in ("assistant.db", "assistant.db-wal"):
        shutil.copy(paths.data / name, small_disk / "copy" / name)
    store.close()
    for name in ("assistant.db", "assistant.db-wal"):
        os.replace(small_disk / "copy" / name, paths.data / name)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    store = Store.open(paths)
    assert [notice.code for notice in store.notices] == ["store-in-memory"]
    assert not store.persistent and store.writable
    assert [row.title for row in store.list_conversations()] == ["Old one"]
    chats.said(store, made.id, "new words")
    assert len(store.search("words")) == 1
    assert store.maintain() == []
    with pytest.raises(StoreError):
        store.take_snapshot()
    store.restore_trash(store.trash_conversation(made.id))
    store.purge_trash(store.trash_conversation(made.id))
    assert store.list_conversations() == []
    store.close()


def test_a_home_that_cannot_be_made_starts_empty_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    store = Store.open(Paths.under(tmp_path / "file" / "home"))
    assert [notice.code for notice in store.notices] == ["store-in-memory"]
    made = chats.conversation(store, "For now")
    chats.said(store, made.id, "words")
    assert len(store.search("words")) == 1
    store.close()


# --- damage
def filled(paths: Paths, number: int = 40) -> dict[str, str]:
    """Make a database of some hundred pages; return the text of each message."""
    store = Store.open(paths)
    texts: dict[str, str] = {}
    for place in range(number):
        made = chats.conversation(store, f"Title {place} 标题")
        for message in chats.said(store, made.id, *(f"{place}.{n} " + "word 词语 " * 60 for n in range(6))):
            texts[message.id] = message.text
    store.close()
    return texts


def read_everything(store: Store) -> dict[str, str]:
    store.trash()
    store.search("word")
    return {
        m.id: m.text for row in store.list_conversations(1000) for m in store.tree(row.id).messages.values()
    }


def corrupt(path: Path, kind: str, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    if kind == "header":
        first = chance.choice([0, 16, 18, 24, 44, 60, 100])
        length = chance.randint(1, 60)
        data[first : first + length] = chance.randbytes(length)
    elif kind == "first page":
        data[:4096] = chance.randbytes(4096)
    elif kind == "page":
        page = chance.randrange(1, len(data) // 4096)
        data[page * 4096 : (page + 1) * 4096] = chance.randbytes(4096)
    elif kind == "bytes":
        for _ in range(40):
            data[chance.randrange(100, len(data))] ^= 1 << chance.randrange(8)
    elif kind == "truncated":
        del data[chance.randrange(len(data)) :]
    elif kind == "zeroed":
        start = chance.randrange(len(data) // 2)
        data[start : start + len(data) // 3] = bytes(len(data) // 3)
    path.write_bytes(data)


KINDS = ("header", "first page", "page", "bytes", "truncated", "zeroed")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    home = tmp_path_factory.mktemp("sound")
    return home, filled(Paths.under(home))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("snapshot", [True, False], ids=["snapshot", "none"])
def test_a_damaged_database_never_stops_the_start(
    tmp_path: Path, sound: tuple[Path, dict[str, str]], kind: str, snapshot: bool
) -> None:
    home, texts = sound
    for seed in range(5):
        paths = Paths.under(tmp_path / str(seed))
        shutil.copytree(home / "data", paths.data)
        if snapshot:
            store = Store.open(paths)
            store.take_snapshot()
            made = chats.conversation(store, "newer than the snapshot")
            (newer,) = chats.said(store, made.id, "newer words")
            store.close()
        corrupt(paths.database, kind, random.Random(seed))
        store = Store.open(paths)
        notices = store.notices + store.maintain()
        found = read_everything(store)
        assert store.persistent
        with store._db.read() as connection:
            assert schema.damage(connection) == ""
        if any(notice.code == "store-repaired" for notice in notices):
            (notice,) = notices
            (aside,) = (p for p in paths.data.glob("assistant.db.damaged-*") if not p.name.endswith("-wal"))
            assert aside.name in notice.sentence and "damaged" in notice.sentence
            if snapshot:
                assert found.keys() >= texts.keys(), "the snapshot holds these"
                assert sum(found[i] == t for i, t in texts.items()) >= len(texts) * 0.9
            if kind in ("header", "first page") and snapshot:
                assert newer.id in found, "the pages after the first were all sound"
                assert found.items() >= texts.items()
        (after,) = chats.said(store, chats.conversation(store, "after").id, "life goes on")
        assert [row.message_id for row in store.search("goes on")] == [after.id]
        store.close()


@pytest.mark.parametrize("seed", range(10))
def test_a_damaged_write_ahead_log_never_stops_the_start(
    tmp_path: Path, sound: tuple[Path, dict[str, str]], seed: int
) -> None:
    home, texts = sound
    paths = Paths.under(tmp_path / "home")
    shutil.copytree(home / "data", paths.data)
    store = Store.open(paths)
    made = chats.conversation(store)
    chats.said(store, made.id, *("in the log " * 50 for _ in range(20)))
    wal = paths.data / "assistant.db-wal"
    data, database = bytearray(wal.read_bytes()), paths.database.read_bytes()
    store.close()
    chance = random.Random(seed)
    if seed % 2:
        del data[chance.randrange(len(data)) :]
    else:
        start = chance.choice([0, chance.randrange(len(data))])
        data[start : start + 200] = chance.randbytes(200)
    paths.database.write_bytes(database)
    wal.write_bytes(data)
    store = Store.open(paths)
    assert [notice.code for notice in store.maintain()] == []
    assert read_everything(store).items() >= texts.items()
    store.close()


def test_damage_found_while_running_is_repaired_in_the_background(
    open_store: Open, paths: Paths, sound: tuple[Path, dict[str, str]]
) -> None:
    home, texts = sound
    shutil.copytree(home / "data", paths.data)
    store = open_store()
    store.take_snapshot()
    with closing(connect(paths.database)) as connection:
        (page,) = connection.execute(
            "SELECT max(pageno) FROM dbstat WHERE name = 'message' AND pagetype = 'leaf'"
        ).fetchone()
    with open(paths.database, "r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(os.urandom(4096))
    assert [notice.code for notice in store.maintain()] == ["store-repaired"]
    assert read_everything(store) == texts
    assert store.maintain() == []
    with open(paths.database, "r+b") as file:
        file.write(os.urandom(100))
    assert [notice.code for notice in store.maintain()] == ["store-repaired"]
    assert read_everything(store) == texts


def test_damage_is_left_alone_while_another_process_has_the_file_open(
    open_store: Open, paths: Paths, sound: tuple[Path, dict[str, str]]
) -> None:
    shutil.copytree(sound[0] / "data", paths.data)
    store, other = open_store(), open_store()
    data = bytearray(paths.database.read_bytes())
    data[8 * 4096 : 12 * 4096] = os.urandom(4 * 4096)
    with open(paths.database, "r+b") as file:
        file.write(data)
    (notice,) = store.maintain()
    assert notice.code == "store-damaged" and "close every" in notice.sentence
    assert list(paths.data.glob("*.damaged-*")) == []
    data[:100] = os.urandom(100)
    with open(paths.database, "r+b") as file:
        file.write(data)
    third = open_store()
    assert [n.code for n in third.notices] == ["store-in-memory"] and "damaged" in third.notices[0].sentence
    for one in (store, other, third):
        one.close()
    assert [n.code for n in open_store().notices] == ["store-repaired"]


def test_a_lost_or_emptied_file_comes_back_from_the_snapshot(open_store: Open, paths: Paths) -> None:
    store = open_store()
    chats.conversation(store, "Saved")
    store.take_snapshot()
    store.close()
    for lose in (paths.database.unlink, lambda: paths.database.write_bytes(b"")):
        lose()
        store = open_store()
        assert [notice.code for notice in store.notices] == ["store-repaired"]
        assert [row.title for row in store.list_conversations()] == ["Saved"]
        store.close()


def test_something_else_in_the_place_of_the_database_is_kept_aside(open_store: Open, paths: Paths) -> None:
    paths.data.mkdir(parents=True)
    paths.database.write_text("My holiday diary " * 1000)
    store = open_store()
    assert [notice.code for notice in store.notices] == ["store-repaired"]
    store.create_conversation(Conversation("c", "new"))
    (aside,) = paths.data.glob("assistant.db.damaged-*")
    assert aside.read_text().startswith("My holiday diary")


def test_erased_conversations_do_not_come_back_with_a_repair(open_store: Open, paths: Paths) -> None:
    store = open_store()
    keep, gone = chats.conversation(store, "keep"), chats.conversation(store, "gone")
    chats.said(store, keep.id, "x")
    store.take_snapshot()
    with store._db.write() as connection:
        connection.execute("DELETE FROM conversation WHERE id = ?", (gone.id,))
    store.close()
    data = bytearray(paths.database.read_bytes())
    data[60:64] = (5_000_000).to_bytes(4, "big")
    paths.database.write_bytes(data)
    store = open_store()
    assert [notice.code for notice in store.notices] == ["store-repaired"]
    assert [row.title for row in store.list_conversations()] == ["keep"]
    with store._db.read() as connection:
        assert conversations.latest(connection) == keep.id
