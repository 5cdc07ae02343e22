from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from quotewire.adapters.sqlite import Database, connect, migrate, reading, translating, writing
from quotewire.ports import ConfigurationError, Unavailable

FIRST = "CREATE TABLE things (name TEXT); -- the first;\nCREATE INDEX by_name ON things (name);"
SECOND = "ALTER TABLE things ADD COLUMN size INTEGER;"


def columns(connection: sqlite3.Connection) -> list[str]:
    return [row[1] for row in connection.execute("PRAGMA table_info(things)")]


def test_a_file_is_made_with_its_folder_and_is_durable(tmp_path: Path) -> None:
    connection = connect(tmp_path / "new" / "folder" / "some.db")
    pragmas = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
    assert pragmas == {"journal_mode": "wal", "synchronous": 2}
    assert connection.execute("PRAGMA auto_vacuum").fetchone()[0] == 2
    connection.close()


@pytest.mark.parametrize("turn", range(20))  # which thread comes in between which is a matter of chance
def test_many_threads_may_open_a_new_file_at_once(tmp_path: Path, turn: int) -> None:
    path = tmp_path / f"{turn}.db"
    failures: list[BaseException] = []

    def open_it() -> None:
        try:
            connection = connect(path)
            migrate(connection, path, [FIRST, SECOND])
            assert columns(connection) == ["name", "size"]
            connection.close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize("content", [b"no database at all " * 100, b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_the_users_mistake(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "some.db"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"some\.db") as caught:
        connect(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def test_a_path_that_cannot_be_a_file_is_the_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "some.db"):
        with pytest.raises(ConfigurationError, match=str(path)):
            connect(path)


def test_a_locked_file_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    one, other = connect(path), connect(path, busy_timeout=0.05)
    with (
        writing(one),
        pytest.raises(Unavailable, match=r"some\.db: database is locked: another program holds it"),
        translating(path),
        writing(other),
    ):
        pass
    with writing(other):
        pass
    one.close()
    other.close()


def test_a_full_disk_is_unavailable_and_nothing_of_the_transaction_stays(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    connection = connect(path)
    migrate(connection, path, [FIRST])
    connection.execute("PRAGMA max_page_count = 20")
    rows = [(f"{n}" * 1000,) for n in range(1000)]
    with pytest.raises(Unavailable, match="free some space"), translating(path), writing(connection):
        connection.executemany("INSERT INTO things VALUES (?)", rows)
    assert connection.execute("SELECT count(*) FROM things").fetchone() == (0,)
    connection.execute("PRAGMA max_page_count = 100000")
    with writing(connection):
        connection.execute("INSERT INTO things VALUES ('goes again')")
    connection.close()


def test_a_damaged_file_is_the_users_to_mend(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    connection = connect(path)
    migrate(connection, path, [FIRST])
    connection.executemany("INSERT INTO things VALUES (?)", [(f"{n}" * 500,) for n in range(100)])
    connection.close()
    content = bytearray(path.read_bytes())
    content[8192:] = b"\x99" * (len(content) - 8192)
    path.write_bytes(content)
    connection = connect(path)
    with pytest.raises(ConfigurationError, match="restore a backup"), translating(path):
        connection.execute("SELECT * FROM things").fetchall()
    connection.close()


def test_mistakes_in_our_own_sql_are_not_hidden(tmp_path: Path) -> None:
    connection = connect(tmp_path / "some.db")
    with pytest.raises(sqlite3.OperationalError, match="syntax"), translating("some.db"):
        connection.execute("SELEKT 1")
    connection.close()


def test_layouts_are_applied_once_and_from_where_the_file_is(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    connection = connect(path)
    migrate(connection, path, [FIRST])
    connection.execute("INSERT INTO things VALUES ('kept')")
    migrate(connection, path, [FIRST])
    migrate(connection, path, [FIRST, SECOND])
    assert columns(connection) == ["name", "size"]
    assert connection.execute("SELECT name FROM things").fetchall() == [("kept",)]
    connection.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    connection = connect(path)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, path, [FIRST, SECOND + "\nCREATE NONSENSE;"])
    migrate(connection, path, [FIRST])
    assert columns(connection) == ["name"]
    connection.close()


def test_a_file_of_a_newer_program_or_of_another_one_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    connection = connect(path)
    migrate(connection, path, [FIRST, SECOND])
    with pytest.raises(ConfigurationError, match=r"layout 2.*up to 1: install the newer"):
        migrate(connection, path, [FIRST])
    connection.close()
    foreign = connect(tmp_path / "foreign.db")
    foreign.execute("CREATE TABLE theirs (name TEXT)")
    with pytest.raises(ConfigurationError, match="another program"):
        migrate(foreign, tmp_path / "foreign.db", [FIRST])
    foreign.close()


def test_a_reader_sees_one_moment(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    database, writer = Database(path, [FIRST]), Database(path, [FIRST])
    with database.reading() as connection:
        before = connection.execute("SELECT count(*) FROM things").fetchone()
        with writer.writing() as other:
            other.execute("INSERT INTO things VALUES ('new')")
        assert connection.execute("SELECT count(*) FROM things").fetchone() == before == (0,)
    with database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM things").fetchone() == (1,)
    database.close()
    writer.close()


def test_a_file_that_was_removed_while_in_use_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    database = Database(path, [FIRST])
    with database.writing() as connection:
        connection.execute("INSERT INTO things VALUES ('lost')")
    path.unlink()
    with pytest.raises(ConfigurationError, match=r"removed or replaced"), database.writing():
        pass
    Database(path, [FIRST]).close()
    with pytest.raises(ConfigurationError, match=r"removed or replaced"), database.reading():
        pass
    database.close()


def test_a_database_is_opened_when_first_used_and_again_after_closing(tmp_path: Path) -> None:
    database = Database(tmp_path / "some.db", [FIRST])
    database.close()
    assert not (tmp_path / "some.db").exists()
    for _ in range(2):
        with database.reading() as connection:
            assert columns(connection) == ["name"]
        database.close()


def test_reading_ends_even_where_the_block_raises(tmp_path: Path) -> None:
    connection = connect(tmp_path / "some.db")
    with pytest.raises(ZeroDivisionError), reading(connection):
        _ = 1 / 0
    with writing(connection):
        pass
    connection.close()
