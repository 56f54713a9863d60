"""A PostgreSQL server of the tests' own: made in a new folder, heard on a socket only, gone at the end."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

__all__ = ["Server", "binaries", "served"]


def binaries() -> Path | None:
    """The folder with `initdb` and `pg_ctl`: of the newest version installed, else wherever PATH has them."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]), reverse=True
    )
    found = installed[0] if installed else shutil.which("initdb")
    folder = Path(found).resolve().parent if found else None
    return folder if folder is not None and (folder / "pg_ctl").exists() else None


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom the server runs as: it refuses to be root."""
    if os.getuid():
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


class Server:
    """One server. ``socket`` is the folder that libpq calls the host; user and database are postgres."""

    def __init__(self, socket: Path, *, durable: bool) -> None:
        self.socket = socket
        self._told = f"-c listen_addresses='' -c unix_socket_directories={socket} -c shared_buffers=32MB"
        if not durable:  # what a kill of the client cannot tell apart, and much faster
            self._told += " -c fsync=off -c full_page_writes=off -c autovacuum=off"
        self._folder = binaries()
        self._user = _unprivileged()
        if self._user:
            os.chown(socket, self._user.pw_uid, self._user.pw_gid)

    @property
    def data(self) -> Path:
        """The folder of its files."""
        return self.socket / "data"

    @property
    def url(self) -> str:
        """Where the database is."""
        return f"postgresql://postgres@/postgres?host={self.socket}"

    def make(self) -> None:
        """Write the empty database; every user is trusted."""
        self._run(
            "initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"
        )

    def ask(self, *users: str) -> None:
        """Ask these for their passwords, whom it has, and trust all others; in force when this returns."""
        rules = [f"local all {user} scram-sha-256" for user in users]
        (self.data / "pg_hba.conf").write_text("\n".join([*rules, "local all all trust", ""]))
        with psycopg.connect(self.url, autocommit=True) as db:
            db.execute("SELECT pg_reload_conf()")
        while not all(map(self._refuses, users)):
            time.sleep(0.02)

    def _refuses(self, user: str) -> bool:
        try:
            psycopg.connect(self.url.replace("postgres@", f"{user}@"), password="no").close()
        except psycopg.OperationalError:
            return True
        return False

    def start(self) -> None:
        """Start it; it answers when this returns."""
        log = str(self.socket / "log")
        self._run("pg_ctl", "-D", str(self.data), "-w", "-t", "60", "-l", log, "-o", self._told, "start")

    def stop(self) -> None:
        """Stop it as a crash would: nothing is written but what was durable."""
        self._run("pg_ctl", "-D", str(self.data), "-w", "-m", "immediate", "stop")

    def _run(self, command: str, *arguments: str) -> None:
        assert self._folder is not None
        user = self._user
        subprocess.run(
            [str(self._folder / command), *arguments],
            check=True,
            cwd=self.socket,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
            timeout=120,
        )


@contextmanager
def served(*, durable: bool = False) -> Iterator[Server]:
    """Start a server; with ``durable`` it writes to the disk as one in use does."""
    home = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))  # the path of a socket may have 107 bytes
    server = Server(home, durable=durable)
    try:
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)
