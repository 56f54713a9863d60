"""What is found in a text, and what only looks like it."""

import pytest

from ipse.interfaces import Recognizer
from ipse.privacy.recognizers.telephones import Telephones

from ..growth import assert_linear_in
from .conftest import OURS, found

FOUND = [
    ("EMAIL", "schreib an {} bitte", "anna.k@example.com"),
    ("EMAIL", "({})", "a+b@sub.example.co.uk"),
    ("EMAIL", "mailto:{}, danke", "o'neil@example.org"),
    ("EMAIL", "*{}*", "x_1@example.io"),
    ("EMAIL", "пиши на {}!", "почта@пример.рф"),
    ("EMAIL", "{}.", "JÜRGEN@müller.de"),
    ("EMAIL", "{}", "post@xn--mnchen-3ya.de"),
    ("EMAIL", "@@ {}", "a@b.co"),
    ("PHONE", "ruf {} an", "0151 23456789"),
    ("PHONE", "{}", "+49 (0)151 234 567 89"),
    ("PHONE", "bin unter {} da.", "+4915123456789"),
    ("PHONE", "({})", "+49 151/23456789"),
    ("PHONE", "is {} yours?", "212-555-0123"),
    ("PHONE", "{} ext", "(555) 123-4567"),
    ("PHONE", "{}", "555-123-4567 x89"),
    ("PHONE", "{}", "+1 212 555 0123"),
    ("PHONE", "дозвон по {} вечером", "+7 912 345-67-89"),
    ("PHONE", "მომწერე {}", "599 12 34 56"),
    ("PHONE", "appelle {}", "01.84.17.61.18"),
    ("PHONE", "call me on {} please", "467 3395"),
    ("PHONE", "{} (office)", "28-64-66-98"),
    ("PHONE", "sein Handy: {}", "1234567"),
    ("PHONE", "wa {} ok", "0044 20 7946 0958"),
    ("PHONE", "Festnetz {}.", "030 1234567"),
    ("IBAN", "an {} danke", "DE89 3704 0044 0532 0130 00"),
    ("IBAN", "{}, BIC folgt", "GB82WEST12345698765432"),
    ("IBAN", "{}", "fr14 2004 1010 0505 0001 3m02 606"),
    ("IBAN", "IBAN:{}", "GE29NB0000000101904917"),
    ("IBAN", "{}", "NL91-ABNA-0417-1643-00"),
    ("CARD", "karte {} bis 12/27", "4111 1111 1111 1111"),
    ("CARD", "{}", "378282246310005"),
    ("CARD", "{}.", "5555-5555-5555-4444"),
    ("IP", "ping {} mal", "192.168.178.1"),
    ("IP", "{}:8080", "10.0.0.7"),
    ("IP", "host {}", "2001:db8:85a3::8a2e:370:7334"),
    ("IP", "bind {} bitte", "::1"),
    ("IP", "route {}", "fe80::1"),
    ("URL", "schau {}", "https://example.com/a/b?c=d&e=f#g"),
    ("URL", "(siehe {})", "http://example.com/wiki/A_(b)"),
    ("URL", "({}).", "https://example.com"),
    ("URL", "{}!", "www.example.de/x"),
    ("URL", "{}", "WWW.EXAMPLE.DE"),
    ("URL", "bei {}, ok", "example.com/profil/42"),
    ("URL", "{} offen?", "http://localhost:3000/admin"),
    ("URL", "„{}“", "https://bücher.example/müller"),
    ("KEY", "aws {}", "AKIAIOSFODNN7EXAMPLE"),
    ("KEY", "{} geht nicht", "ghp_" + "a1B2" * 9),
    ("KEY", "nimm {}", "sk-proj-" + "Ab3_" * 8),
    ("KEY", "{}", "xoxb-123456789012-abcdefABCDEF"),
    ("KEY", "{}", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"),
    ("KEY", "{}", "AIza" + "Sy0-" * 8 + "abc"),
    ("KEY", "x\n{}\ny", "-----BEGIN RSA PRIVATE KEY-----\nMIIEow+/=\nabc\n-----END RSA PRIVATE KEY-----"),
    ("KEY", "{}", "-----BEGIN PRIVATE KEY-----\nDEK-Info: cut off"),
    ("KEY", "password: {}", "hunter2"),
    ("KEY", "Passwort={}.", "Geheim!23"),
    ("KEY", "пароль: {}", "qwerty77"),
    ("KEY", 'api_key="{}"', "9f86d081884c7d65"),
    ("KEY", "token={} ok", "a8f5f167f44f4964"),
    ("KEY", "PIN: {}", "4711"),
    ("MAC", "device {} ok", "00:1B:44:11:3A:B7"),
    ("MAC", "{}", "00-1b-44-11-3a-b7"),
    ("WALLET", "send to {} please", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("WALLET", "{}", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    ("WALLET", "{}.", "0x52908400098527886E0F7030069857D2E4169EE7"),
]

NOT_FOUND = [
    "am 12.05.2024 um 14:30 Uhr",
    "2024-05-01 10:20:30",
    "01/02/2023, 10:15",
    "1.2.2024-3.4.2024",
    "2019-2024 war gut",
    "Version 10.2.3.4 ist da",
    "v1.2.3.4 und 3.11.7",
    "kostet 1.234.567,89 € oder EUR 12345678",
    "€ 1234567",
    "12,50 statt 19,99",
    "Bestellung 1234567890123",
    "Order #100-2345678-9012345",
    "order 1234 5678 9012 3456",
    "ISBN 978-3-16-148410-0",
    "Messwerte 1,5 2,5 3,5",
    "12:30:45 und 23:59",
    "std::vector und abc::def, Foo::Bar",
    "3-2-1 los, 4:3 gewonnen",
    "2. bis 3. Mai, 10-12 Uhr",
    "km 123456 auf dem Tacho",
    "z.B. und/oder d.h. etc.",
    "hm... ja. Nein? :-) :/ ;)",
    "@anna kommst du @ 8",
    "Ende.Dann weiter",
    "key: C minor, token: hello",
    "password: please reset it",
    "DE12345678901234567890 stimmt nicht",
    "AB12 war das Kennzeichen",
    "4111 1111 1111 1112",
    "300.1.2.3 und 1.2.3.4.5",
    "10000000 views, 1000000 likes",
    "Konto: http:// fehlt",
    "sk-kurz, eyJ nicht",
    "100% sicher, 50/50",
    "a@b und @ und x@",
    "PLZ 10115 Berlin, Haus 12-14",
    "0.30000000000000004",
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
    "00:1B:44:11:3A",
    "+ 5 oder +12 Punkte",
    "",
]


@pytest.mark.parametrize(("kind", "frame", "value"), FOUND, ids=range(len(FOUND)))
def test_an_identifier_is_found_whole_and_nothing_around_it(kind: str, frame: str, value: str) -> None:
    text = frame.format(value)
    assert found(text) == [(kind, value)]


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_each_family_fits_the_seam() -> None:
    assert [one.name for one in OURS] == [
        "accounts", "addresses", "ids", "keys", "links", "mails", "network", "phones", "titles",
    ]  # fmt: skip
    assert all(isinstance(one, Recognizer) for one in OURS)


def test_regions_decide_about_numbers_without_a_country_code() -> None:
    assert Telephones(("GE",)).find("599 12 34 56")
    assert not Telephones(("US",)).find("599 12 34 56")
    assert not Telephones(()).find("599 12 34 56")
    assert Telephones(()).find("+995 599 12 34 56")


def test_two_numbers_side_by_side_are_both_found() -> None:
    spans = Telephones().find("+49 151 23456789, +49 151 98765432 und 0151 23456789 / 0160 2345678")
    assert [span.kind for span in spans] == ["PHONE"] * len(spans)
    assert len(spans) >= 3


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("+491702000000 1 01702000000", ["+491702000000 1", "01702000000"]),
        ("01702000000  0170/2000000", ["01702000000", "0170/2000000"]),
        ("+49 170 2000000 01702000000", ["+49 170 2000000", "01702000000"]),
        ("555-123-4567\n555-987-6543", ["555-123-4567", "555-987-6543"]),
        ("4 0170 2000000 5", ["0170 2000000"]),
        ("1 2 3 4 5 6 7 8", []),
        ("1234567 01702000000", ["01702000000"]),
    ],
)
def test_numbers_in_a_row_are_told_apart(text: str, numbers: list[str]) -> None:
    assert [value for _, value in found(text, [Telephones()])] == numbers


def test_a_card_is_not_a_phone_number_too() -> None:
    assert found("4969800024734372") == [("CARD", "4969800024734372")]


def test_an_international_number_that_cannot_exist_is_left() -> None:
    assert Telephones().find("+99912345678") == []
    assert Telephones().find("+123456789") == []


@pytest.mark.parametrize(
    "text",
    [
        "a@" * 50_000,
        "@" + "a" * 100_000,
        "-----BEGIN PRIVATE KEY-----" * 4_000,
        "eyJaaaaaaaaaa." * 8_000,
        "http://a(" + ")" * 100_000,
        "1" * 100_000,
        "a./" * 30_000,
        "password: " * 10_000,
        ":" * 100_000,
        "1." * 50_000,
        "0 12 " * 20_000,
        "+1 2 " * 20_000,
        "A-" * 50_000 + "straße 1",
        "Aa " * 30_000 + "straße 1",
        "1 Aa " * 20_000 + " Street",
        "my address is 1 A " * 5_000,
        "Mr. A. B. " * 10_000,
        "passport 1A 1A " * 6_000,
        "Server=" * 14_000 + "Password=1",
    ],
    ids=lambda text: text[:12],
)
def test_no_text_makes_it_slow(text: str) -> None:
    assert_linear_in(text, lambda part: [one.find(part) for one in OURS])
