"""Which domains say nothing about anybody."""

import pytest

from ipse.privacy.domains import is_public


@pytest.mark.parametrize(
    "domain", ["gmail.com", "web.de", "yahoo.co.uk", "hotmail.com.br", "gmx.net", "live.nl"]
)
def test_a_public_provider_may_be_shown(domain: str) -> None:
    assert is_public(domain)


@pytest.mark.parametrize(
    "domain", ["anna-schmidt.de", "live.anna.de", "mail.com.anna.io", "gmail.com.de", ""]
)
def test_anything_else_may_not(domain: str) -> None:
    assert not is_public(domain)
