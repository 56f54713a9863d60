"""``catalog.json``: where the catalog is, and never a password."""

from pathlib import Path

import pytest

from ipse.errors import DamagedVaultError, VaultError
from ipse.vault.location import LOCATION, Location

VAULT = bytes(range(16))
URL = "postgresql+psycopg://ada@db.example:5433/ipse?sslmode=verify-full"


def test_the_folder_is_where_it_is_unless_a_file_says_otherwise(tmp_path: Path) -> None:
    assert Location.read(tmp_path) == Location.new("", VAULT) == Location.new("sqlite", VAULT)
    place = Location.new(URL, VAULT)
    place.write(tmp_path)
    assert Location.read(tmp_path) == place
    assert str(place) == URL
    assert (tmp_path / LOCATION).stat().st_mode & 0o777 == 0o600
    Location().write(tmp_path)
    Location().write(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert str(Location.read(tmp_path)) == "catalog.db"


def test_a_password_that_somebody_wrote_into_the_file_is_used_and_not_shown(tmp_path: Path) -> None:
    raw = Location.new(URL, VAULT).raw()
    (tmp_path / LOCATION).write_bytes(raw.replace(b"ada@", b"ada:zanzibar@"))
    place = Location.read(tmp_path)
    assert (str(place), place.password, place.raw()) == (URL, "zanzibar", raw)


def test_each_catalog_has_a_schema_of_its_own(tmp_path: Path) -> None:
    schemas = {Location.new(URL, VAULT).raw() for _ in range(5)}
    assert len(schemas) == 5
    assert all(VAULT.hex().encode() in raw for raw in schemas)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://ada:zan%2Fzibar@db.example:5433/ipse?sslmode=verify-full",
        "postgresql://ada@db.example:5433/ipse?sslmode=verify-full&password=zan/zibar",
        "postgres://ada@db.example:5433/ipse?password=x&sslmode=verify-full&password=zan/zibar&sslpassword=s",
    ],
)
def test_a_password_is_used_and_not_kept(tmp_path: Path, url: str) -> None:
    place = Location.new(url, VAULT)
    place.write(tmp_path)
    kept = Location.read(tmp_path)
    assert kept == place
    assert (str(kept), place.password, kept.password) == (URL, "zan/zibar", "")
    assert "zibar" not in repr(place)
    assert place.engine(tmp_path).name.endswith(URL)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://ada:zanzibar@host/x", "cannot lie in `mysql`"),
        ("sqlite:////elsewhere.db", "cannot lie in `sqlite`"),
        ("zanzibar", "cannot be read"),
    ],
)
def test_any_other_url_is_refused_without_quoting_it(url: str, told: str) -> None:
    with pytest.raises(VaultError, match=told) as caught:
        Location.new(url, VAULT)
    assert "zanzibar" not in str(caught.value)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b'{"url": "postgresql+psycopg://h/d", "schema": "public; DROP"}',
        b'{"url": "nothing", "schema": "ipse_%032d_%08d"}' % (0, 0),
        b'{"url": "mysql://h/d", "schema": "ipse_%032d_%08d"}' % (0, 0),
    ],
)
def test_a_file_that_says_something_else_is_damage(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / LOCATION).write_bytes(raw)
    with pytest.raises(DamagedVaultError, match=r"catalog\.json"):
        Location.read(tmp_path)


def test_the_catalog_of_another_vault_is_none(tmp_path: Path) -> None:
    Location().require(VAULT)
    Location.new(URL, VAULT).require(VAULT)
    with pytest.raises(DamagedVaultError, match="another vault"):
        Location.new(URL, VAULT).require(bytes(16))


def test_bytes_that_are_no_text_are_told_as_damage(tmp_path: Path) -> None:
    (tmp_path / LOCATION).write_bytes(b'{"url": "\xe1", "schema": "x"}')
    with pytest.raises(DamagedVaultError, match="does not say where"):
        Location.read(tmp_path)
