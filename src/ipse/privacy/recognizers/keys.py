"""Secrets: keys of known providers, private key blocks, tokens, connection strings, passwords after a label.

In the manner of detect-secrets, whose patterns yield values rather than places and whose plugins would ask
the provider whether a key works: nothing here does. A key is known by its prefix; what looks like an example
(``sk-xxxxxxxx``) is told from a drawn one by its entropy.
"""

import re
from collections.abc import Iterator

from ipse.interfaces import Span
from ipse.privacy.checks import entropy, is_secret
from ipse.privacy.recognizers.patterns import digits, spans

__all__ = ["Keys"]

_BLOCK = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----)){0,20000}"
    r"(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----)?"
)
_KNOWN = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:A3T[A-Z0-9]|ABIA|ACCA|AIDA|AKIA|AROA|ASIA)[0-9A-Z]{16}(?![0-9A-Z])"  # Amazon
    r"|gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{20,255}"
    r"|gl(?:pat|ptt|rt|dt|soat|cbt|ft|imt|agent|oas|feat)-[\w-]{20,300}"  # GitLab
    r"|AIza[0-9A-Za-z_-]{35}|ya29\.[\w-]{20,2000}|GOCSPX-[\w-]{20,40}"  # Google
    r"|sk-[A-Za-z0-9_-]{20,200}|gsk_\w{40,60}|pplx-\w{40,60}|r8_\w{30,50}|hf_[A-Za-z0-9]{30,60}"  # models
    r"|(?:sk|pk|rk)_(?:live|test)_\w{16,200}|whsec_[\w+/=]{20,100}|sq0[a-z]{3}-[\w-]{22,60}"  # payment
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,250}|xapp-\d-[A-Za-z0-9-]{20,200}"  # Slack
    r"|npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,1000}|rubygems_[0-9a-f]{48}|dckr_pat_[\w-]{20,60}"
    r"|do[opr]_v1_[0-9a-f]{64}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|dapi[0-9a-f]{32}|hv[sb]\.[\w-]{24,300}"
    r"|SG\.[\w-]{16,32}\.[\w-]{16,64}|key-[0-9a-f]{32}|SK[0-9a-f]{32}|xkeysib-[0-9a-f]{64}-\w{16}"  # mail
    r"|lin_api_\w{40}|ntn_\w{40,60}|figd_[\w-]{36,60}|glsa_\w{32,60}|sntry[su]_[\w+/=-]{40,300}"
    r"|PMAK-[0-9a-f]{24}-[0-9a-f]{34}|tskey-[\w-]{16,80}|sbp_[0-9a-f]{40}|EAA[A-Za-z0-9]{60,300}"
    r"|AGE-SECRET-KEY-1[0-9A-Z]{58}"
    r"|\d{8,10}:AA[\w-]{33}(?![\w-])"  # Telegram's bots
    r"|[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}(?![\w-])"  # Discord's
    r"|eyJ[\w-]{8,4000}\.eyJ[\w-]{4,8000}\.[\w-]{0,2000}"  # JSON web tokens
    r")"
)
_TOKEN = re.compile(r"\S{14,}")  # none of the above is shorter
_CONNECTION = re.compile(
    r"(?<![^\W_])(?:postgres(?:ql)?|mysql|mariadb|mongodb|redis|rediss|amqps?|mssql|oracle|ldaps?"
    r"|smb|sftp|ssh"
    r"|clickhouse|cassandra|nats"
    r"|mqtts?)(?:\+\w{1,20})?://[^\s<>\"'@/:]{0,200}:[^\s<>\"'@]{1,200}@[^\s<>\"']{1,500}"
    r"|(?:Server|Data Source|Host|AccountName|Endpoint)=[^\n\"']{1,300}?"
    r"(?:Password|Pwd|AccountKey|SharedAccessKey)=[^\s;\"']{3,200}",
    re.IGNORECASE,
)
_HEADER = re.compile(r"Authorization:\s?(?:Basic|Bearer|Token)\s([\w+/=.~-]{8,4000})", re.IGNORECASE)
_WORDS = (
    r"pass(?:word|wd|code|phrase)?|pwd|pw|pin|passwort|kennwort|contraseña|senha|wachtwoord|hasło|lösenord"
    r"|parola|пароль|პაროლი|mot de passe"
)
_LABELLED = re.compile(
    r"(?<![^\W_])(?:(?P<weak>(?:api|access|private|secret|client|auth)?[ _-]?(?:key|token|secret)|bearer)"
    rf"|{_WORDS})[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"']?(?P<value>[^\s<>\"']{{4,500}})",
    re.IGNORECASE,
)
_LABEL_HINTS = (
    "pass", "key", "token", "secret", "bearer", "pwd", "pw", "pin", "wort", "senha", "contras", "hasło",
    "lösen", "parola", "парол", "პაროლ",
)  # fmt: skip
_CONNECTION_HINTS = ("://", "assword=", "wd=", "Key=")
_SAID = re.compile(
    rf"(?<![^\W_])(?:{_WORDS})\s(?:is|ist|lautet|war|est|es|è|é|era|to|auf|jest)(?: jetzt| now)?\s"
    r"[\"'„“»«`]?(?P<value>[^\s<>\"']{4,100})",
    re.IGNORECASE,
)
_SAID_HINTS = ("ass", "wort", "PIN", "pin", "contra", "senha", "парол", "parola")


class Keys:
    """``KEY``: whatever opens something."""

    name = "keys"

    def find(self, text: str) -> list[Span]:
        """Every secret; a private key block is taken whole, also where its end is cut off."""
        found: list[Span] = []
        if (":" in text or "=" in text) and _has(text.lower(), _LABEL_HINTS):
            found += _labelled(text)
        if ("=" in text or "://" in text) and _has(text, _CONNECTION_HINTS):
            found += spans(_CONNECTION, "KEY", text)
        if "uthorization:" in text:
            found += (Span(*match.span(1), "KEY") for match in _HEADER.finditer(text))
        if "-----BEGIN" in text:
            found += spans(_BLOCK, "KEY", text)
        count = digits(text)
        if count or "-" in text or "_" in text:
            found += _prefixed(text)
        if count and _has(text, _SAID_HINTS):
            found += _said(text)
        return found


def _has(text: str, hints: tuple[str, ...]) -> bool:
    for hint in hints:  # noqa: SIM110 - any() with a generator takes twice as long, and this is asked of all texts
        if hint in text:
            return True
    return False


def _prefixed(text: str) -> Iterator[Span]:
    for token in _TOKEN.finditer(text):
        for match in _KNOWN.finditer(text, token.start(), token.end()):
            if _drawn(match.group()):
                yield Span(match.start(), match.end(), "KEY")


def _drawn(value: str) -> bool:
    return entropy(value) >= 2.0  # `ghp_xxxxxxxx` has less than 1


def _labelled(text: str) -> Iterator[Span]:
    for match in _LABELLED.finditer(text):
        value = match["value"].rstrip(".,;")
        if is_secret(value, strong=match["weak"] is not None):
            yield Span(match.start("value"), match.start("value") + len(value), "KEY")


def _said(text: str) -> Iterator[Span]:
    """``the password is hunter2``: of six signs or more with a digit, for sentences go on in many ways."""
    for match in _SAID.finditer(text):
        value = match["value"].rstrip(".,;!?)“”»«`")
        long = 4 if value.isdecimal() else 6
        if len(value) >= long and is_secret(value, strong=False) and digits(value):
            yield Span(match.start("value"), match.start("value") + len(value), "KEY")
