"""SQLite, as every adapter here uses it: how a file is opened, written and laid out, and what its errors mean.

Files are in WAL mode, so readers and the one writer do not block each other, with `synchronous=FULL`, so that a commit
that returned survives the loss of power (https://sqlite.org/pragma.html#pragma_synchronous: in WAL mode NORMAL may
lose the last commits).
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from quotewire.ports import ConfigurationError, Unavailable

BUSY_TIMEOUT = 10.0
"""Seconds to wait for another writer before giving up as Unavailable."""

_LOG_SIZE_LIMIT = 64 * 1024 * 1024


def connect(path: str | Path, *, busy_timeout: float = BUSY_TIMEOUT) -> sqlite3.Connection:
    """Open or create a database file, and its folder.

    The connection is in autocommit mode: use `writing` or `reading` for more than one statement. It may pass from
    thread to thread but serves one at a time, and must not be carried across a fork
    (https://sqlite.org/howtocorrupt.html#_carrying_an_open_database_file_across_a_fork_).

    Raises Unavailable, and ConfigurationError where the path cannot be a database.
    """
    file = Path(path)
    if file.is_dir():
        raise ConfigurationError(f"{file} is a folder: give the path of a file for the database")
    with translating(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(file, timeout=busy_timeout, isolation_level=None, check_same_thread=False)
        try:
            _configure(connection, file, busy_timeout)
        except BaseException:
            connection.close()
            raise
    return connection


def _configure(connection: sqlite3.Connection, file: Path, busy_timeout: float) -> None:
    # auto_vacuum only takes effect on an empty file, and switching to WAL writes to the file: so in this order.
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        mode = _switched_to_wal(connection, busy_timeout)
        if mode != "wal":
            raise ConfigurationError(f"{file}: its file system cannot share memory (WAL): keep it on a local disk")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {_LOG_SIZE_LIMIT}")
    connection.execute("PRAGMA foreign_keys = ON")


def _switched_to_wal(connection: sqlite3.Connection, busy_timeout: float) -> str:
    # Of two connections that switch a new file at the same moment, SQLite refuses one at once instead of letting it
    # wait: each holds the lock that the other needs. So it is asked again.
    deadline = time.monotonic() + busy_timeout
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


@contextmanager
def translating(path: str | Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise into the refusals of the ports, with what ops can do about it.

    `path` is the database file, for the message. Locked, full, unreadable and unwritable files raise Unavailable:
    they get well again. Files that are no database, or a damaged one, raise ConfigurationError: they do not.
    """
    try:
        yield
    except sqlite3.Error as error:
        refusal = _refusal(path, error)
        if refusal is None:
            raise
        raise refusal from error
    except (FileExistsError, NotADirectoryError) as error:
        raise ConfigurationError(f"{path}: {error.filename} is no folder: give another path") from error
    except OSError as error:
        place = error.filename or path
        raise Unavailable(f"{place}: {error.strerror or error}: check the disk and this user's rights") from error


def _refusal(path: str | Path, error: sqlite3.Error) -> Exception | None:
    code = getattr(error, "sqlite_errorcode", None)
    make = _MEANINGS.get(code & 0xFF) if code is not None else None
    return make(f"{path}", f"{error}") if make is not None else None


def _unavailable(advice: str) -> Callable[[str, str], Exception]:
    return lambda path, error: Unavailable(f"{path}: {error}: {advice}")


def _misconfigured(advice: str) -> Callable[[str, str], Exception]:
    return lambda path, error: ConfigurationError(f"{path}: {error}: {advice}")


_LOCKED = _unavailable("another program holds it (`fuser` names it): end that program, or wait")
_UNWRITABLE = _unavailable("make the file and its folder writable for this user")
_BAD_DISK = _unavailable("check the disk, its free space and the file system's messages")

_MEANINGS: dict[int, Callable[[str, str], Exception]] = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_FULL: _unavailable("free some space on its disk"),
    sqlite3.SQLITE_IOERR: _BAD_DISK,
    sqlite3.SQLITE_NOLFS: _BAD_DISK,
    sqlite3.SQLITE_READONLY: _UNWRITABLE,
    sqlite3.SQLITE_PERM: _UNWRITABLE,
    sqlite3.SQLITE_CANTOPEN: _UNWRITABLE,
    sqlite3.SQLITE_NOTADB: _misconfigured("move the file away or give another path"),
    sqlite3.SQLITE_CORRUPT: _misconfigured("it is damaged: restore a backup, or move the file away to begin anew"),
}


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One write transaction: committed and durable where the block ends, rolled back where it raises.

    The write lock is taken at once, so what is read inside is what is written upon.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One read transaction: everything inside is seen as of one moment. Blocks no writer."""
    connection.execute("BEGIN DEFERRED")
    try:
        yield connection
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def migrate(connection: sqlite3.Connection, path: str | Path, layouts: Sequence[str]) -> int:
    """Bring a file's layout up to date; a second call changes nothing. The version that it had.

    `layouts[n]` is the SQL script that leads from version n to n + 1; version 0 is an empty file. The version stands
    in the file as `PRAGMA user_version`. Raises ConfigurationError where the file was written by a newer program or
    is some other program's database.
    """
    newest = len(layouts)
    with reading(connection):  # else another process could lay the file out between the looks at its version and tables
        before = _version(connection, path, newest)
    if before == newest:
        return newest
    with writing(connection):
        # Another process may have done it since.
        before = _version(connection, path, newest)
        for layout in layouts[before:]:
            for statement in _statements(layout):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {newest}")
    return before


def _version(connection: sqlite3.Connection, path: str | Path, newest: int) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > newest:
        raise ConfigurationError(
            f"{path} has layout {version}, this program knows up to {newest}: install the newer Quotewire that wrote it"
        )
    if version == 0 and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise ConfigurationError(f"{path} is a database of another program: give another path")
    return version


def _statements(script: str) -> Iterator[str]:
    # executescript commits first, which would tear a migration apart.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise ValueError(f"a layout ends within a statement: {statement.strip()[:60]}")


class Database:
    """A database file with its layout, opened when first used, so that it may be handed to a process before a fork.

    For any thread, one at a time. `layouts` as in `migrate`.
    """

    def __init__(self, path: str | Path, layouts: Sequence[str], *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self.path = Path(path)
        self._layouts = layouts
        self._busy_timeout = busy_timeout
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A read transaction, as `reading` above, with errors translated."""
        with self._lock, translating(self.path), reading(self._opened()) as connection:
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """A write transaction, as `writing` above, with errors translated.

        durable: whether it must survive the loss of power; what need not does not wait for the disk.
        """
        with self._lock, translating(self.path):
            connection = self._opened()
            if not durable:
                connection.execute("PRAGMA synchronous = NORMAL")
            try:
                with writing(connection):
                    yield connection
            finally:
                if not durable:
                    connection.execute("PRAGMA synchronous = FULL")

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """The connection outside any transaction, for pragmas, with errors translated."""
        with self._lock, translating(self.path):
            yield self._opened()

    def close(self) -> None:
        """Close the connection, if there is one. It is opened anew when used again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = connect(self.path, busy_timeout=self._busy_timeout)
            try:
                migrate(connection, self.path, self._layouts)
                self._identity = self._identity_now()
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        elif self._identity_now() != self._identity:
            # SQLite would go on writing to a file that has no name any more, and lose it all at the end.
            raise ConfigurationError(f"{self.path} was removed or replaced while in use: stop everything, start again")
        return self._connection

    def _identity_now(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino
