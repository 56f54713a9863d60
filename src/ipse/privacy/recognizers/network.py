"""Addresses of machines: IPv4, IPv6, MAC."""

import re

from ipse.interfaces import Span
from ipse.privacy.checks import is_ip
from ipse.privacy.recognizers.patterns import digits, spans

__all__ = ["Network"]

_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{3,39}(?:(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])")
_MAC = re.compile(r"(?<![\w:.-])[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})(?![\w:-])")
_VERSION = re.compile(r"\b(?:v|ver|version|release|build|firmware|update)[\s.:]{0,3}$", re.IGNORECASE)


class Network:
    """``IP`` and ``MAC``."""

    name = "network"

    def find(self, text: str) -> list[Span]:
        """Every address; four numbers after a word such as ``version`` are none."""
        found: list[Span] = []
        if text.count(".") >= 3 and digits(text):
            found += (
                span
                for span in spans(_IPV4, "IP", text, is_ip)
                if not _VERSION.search(text, max(0, span.start - 12), span.start)
            )
        if text.count(":") >= 2:
            found += spans(_IPV6, "IP", text, is_ip)
        if text.count(":") >= 5 or text.count("-") >= 5:
            found += spans(_MAC, "MAC", text)
        return found
