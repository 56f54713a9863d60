"""Check digits, ranges and lengths. The numbers are published examples or made with a right check digit."""

import pytest

from ipse.privacy.checks import IBAN_LENGTHS, is_card, is_iban, is_ip, is_secret, luhn

IBAN_LINES = """
DE89370400440532013000 GB82WEST12345698765432 FR1420041010050500013M02606 NL91ABNA0417164300 BE68539007547034
AT611904300234573201 CH9300762011623852957 ES9121000418450200051332 IT60X0542811101000000123456
GE29NB0000000101904917 PL61109010140000071219812874 NO9386011117947 SE4550000000058398257466
DK5000400440116243 PT50000201231234567890154 TR330006100519786457841326 SA0380000000608010167519
MT84MALT011000012345MTLCAST001S
"""

CARD_LINES = """
4111111111111111 5555555555554444 378282246310005 30569309025904 6011111111111117 3530111333300000
2223003122003222 4222222222222 6759649826438453 2200123456789019
"""


@pytest.mark.parametrize("iban", IBAN_LINES.split())
def test_an_iban_is_accepted_and_with_one_sign_changed_refused(iban: str) -> None:
    assert is_iban(iban)
    assert is_iban(iban.lower())
    for place in range(len(iban)):
        other = "1" if iban[place] != "1" else "2"
        assert not is_iban(iban[:place] + other + iban[place + 1 :])


def test_an_iban_of_another_length_or_country_is_refused() -> None:
    assert not is_iban(IBAN_LINES.split(maxsplit=1)[0] + "0")
    assert not is_iban("ZZ89370400440532013000")
    assert min(IBAN_LENGTHS.values()) == 15
    assert IBAN_LENGTHS["GE"] == 22


@pytest.mark.parametrize("card", CARD_LINES.split())
def test_a_card_is_accepted_and_with_one_digit_changed_refused(card: str) -> None:
    assert is_card(card)
    for place in range(len(card)):
        other = str((int(card[place]) + 1) % 10)
        assert not is_card(card[:place] + other + card[place + 1 :])


@pytest.mark.parametrize(
    "number", ["1714560000122", "0000000000000000", "9111111111111110", "41111111111114", "1234567812345670"]
)
def test_a_number_with_a_right_check_digit_but_no_issuer_is_no_card(number: str) -> None:
    assert luhn(number)
    assert not is_card(number)


@pytest.mark.parametrize(
    "text", ["192.168.0.1", "8.8.8.8", "255.255.255.255", "2001:db8::1", "fe80::1", "::1"]
)
def test_addresses_of_both_versions_are_accepted(text: str) -> None:
    assert is_ip(text)


@pytest.mark.parametrize(
    "text", ["256.1.1.1", "1.2.3", "12:30:45", "::", "dead::beef", "1.2.3.4.5", "", "a:b"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert not is_ip(text)


@pytest.mark.parametrize(
    ("value", "label", "secret"),
    [
        ("hunter2", "password", True),
        ("1234", "password", True),
        ("correct-horse", "password", True),
        ("please", "password", False),
        ("abc", "password", False),
        ("a8Fk29xQ", "key", True),
        ("abcdefgh", "key", False),
        ("a1", "key", False),
        ("aaaaaaa1", "key", False),
        ("Kindness", "key", False),
    ],
)
def test_a_secret_is_told_from_a_word(value: str, label: str, secret: object) -> None:
    assert is_secret(value, strong=label == "key") is secret
