"""What the writer of a mail wrote: quotes in many languages go, the writer's own words stay."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.sources.mail.replies import authored, forwards
from ipse.sources.mail.signatures import split_signature
from ipse.sources.reading.html_text import html_to_text

from ..soak import rounds

QUOTE_HEADERS = [
    "On Tue, Mar 11, 2025 at 9:31 AM Mira Stein <mira@example.org> wrote:",
    "On Tue, Mar 11, 2025 at 9:31 AM Mira Stein <\nmira.stein.of.the.long.address@example.org> wrote:",
    "On 11 Mar 2025, at 09:31, Mira Stein\n<mira@example.org>\nwrote:",
    "Am 11.03.2025 um 09:31 schrieb Mira Stein <mira@example.org>:",
    "Am Di., 11. März 2025 um 09:31 Uhr schrieb Mira Stein <\nmira@example.org>:",
    "Le mar. 11 mars 2025 à 09:31, Mira Stein <mira@example.org> a\nécrit :",
    "El mar, 11 mar 2025 a las 9:31, Mira Stein (<mira@example.org>) escribió:",
    "Il giorno mar 11 mar 2025 alle ore 09:31 Mira Stein <mira@example.org> ha scritto:",
    "Em ter., 11 de mar. de 2025 às 09:31, Mira Stein <mira@example.org> escreveu:",
    "Op di 11 mrt 2025 om 09:31 schreef Mira Stein <mira@example.org>:",
    "Den tis 11 mars 2025 kl 09:31 skrev Mira Stein <mira@example.org>:",
    "W dniu wt., 11.03.2025 o 09:31 Mira Stein <mira@example.org> napisał(a):",
    "вт, 11 мар. 2025 г. в 09:31, Mira Stein <mira@example.org>:",
    "ti 11. maalisk. 2025 klo 9.31 Mira Stein (mira@example.org) kirjoitti:",
    "Vào 09:31 11 tháng 3, 2025, Mira Stein <mira@example.org> đã viết:",
    "2025-03-11 09:31 GMT+01:00 Mira Stein <mira@example.org>:",
    "Mira Stein <mira@example.org> wrote:",
    "---- On Tue, 11 Mar 2025 09:31:00 +0100 Mira Stein <mira@example.org> wrote ----",
]
BLOCKS = [
    "-----Original Message-----\nFrom: Mira",
    "________________\nFrom: Mira <mira@example.org>\nSent: Tuesday, 11 March 2025\nTo: Ann\nSubject: Boats",
    "Von: Mira Stein <mira@example.org>\nGesendet: Dienstag, 11. März 2025 09:31\nAn: Ann\nBetreff: Boote",
    "De : Mira Stein <mira@example.org>\nEnvoyé : mardi 11 mars 2025 09:31\nÀ : Ann\nObjet : Bateaux",
    "Da: Mira Stein <mira@example.org>\nInviato: martedì 11 marzo 2025 09:31\nA: Ann\nOggetto: Barche",
    "Från: Mira Stein <mira@example.org>\nSkickat: den 11 mars 2025 09:31\nTill: Ann\nÄmne: Båtar",
    "*From:* Mira Stein <mira@example.org>\n*Date:* Tuesday\n*Subject:* Boats",
    "Mira Stein <mira@example.org> on 03/11/2025 09:31:56 AM\nTo:\tAnn\ncc:\t\n\nSubject:\tBoats",
    "Mira Stein@PIER\n03/11/2025 09:31 AM\nTo: Ann/Boats@PIER\ncc: \n\nSubject: Boats",
    "---------------------- Forwarded by Ann Own/Boats on 03/11/2025 \n09:31 AM ----------------------\n\nx",
    "-------- Ursprüngliche Nachricht --------\nanything",
    "---------- Forwarded message ---------\nFrom: Mira",
    "Anfang der weitergeleiteten Nachricht:\n\nirgendwas",
]


@pytest.mark.parametrize("header", QUOTE_HEADERS)
@pytest.mark.parametrize(
    "quoted", ["\n\n> we sail at nine\n> bring bread", "\n\nWe sail at nine.\nBring bread."]
)
def test_a_reply_above_what_it_quotes(header: str, quoted: str) -> None:
    assert authored(f"I will be there.\nWith bread.\n\n{header}{quoted}\n") == "I will be there.\nWith bread."


@pytest.mark.parametrize("block", BLOCKS)
def test_a_reply_above_a_whole_mail(block: str) -> None:
    assert authored(f"I will be there.\n\n{block}\n\nWe sail at nine.\n") == "I will be there."


def test_text_between_and_under_quotes_is_the_writers() -> None:
    text = (
        "Hello Mira\n\nOn 11 Mar 2025, at 09:31, Mira wrote:\n\n> When?\nAt nine.\n> Where?\n\nAt the pier."
        "\n\n> Bread?\n\nYes, two."
    )
    assert authored(text) == "Hello Mira\n\nAt nine.\nAt the pier.\n\nYes, two."


@pytest.mark.parametrize(
    "text",
    [
        "On the other hand, I like it here:\nthe bread is good.",
        "One outstanding question I had:\nwho brings bread?",
        "I asked when, and Mira wrote:\nat nine.",
        "From: the pier\nwe walk to the boat.",
        "Date: Wednesday\nTime: 7:00\nAddress: Pier 4\n\nPlease bring bread.",
        "Sent from my desk, which is much easier.",
        "Sent from my old phone is what the card was called.",
        "The boat -- the small one -- leaves at nine.",
        "To bring:\n-bread\n-butter",
        "## Points\n----\n\nThe dashes above are a heading, and so they stay where they were put.\nYes.",
        "2025-03-11 09:31:00\n11.03.2025 09:31\nare times.",
        "Run this:\n```\n> npm start\n```\nand wait.",
        "Thanks,\nAnn",
        "Hi,\n\nall is well here.\n\nBest regards, Ann",
    ],
)
def test_what_only_looks_like_a_quote_or_a_signature_stays(text: str) -> None:
    assert authored(text) == text


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nAnn Own\nBoats and bread",
        "--\nAnn",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Get Outlook for iOS<https://example.com/o>",
        "Kind regards\n\nAnn Own\nBoats and bread",
        "-ann",
        "_______________________\nboats mailing list\nboats@example.org",
        "----------\nAnn Own\nTel. +49 30 1234567\nhttps://example.org",
    ],
)
@pytest.mark.parametrize(
    "under", ["", "\n\nOn 11 Mar 2025, at 09:31, Mira <m@example.org> wrote:\n\n> When?\n"]
)
def test_a_signature_goes_also_above_a_quote(signature: str, under: str) -> None:
    assert authored(f"I will be there.\n\n{signature}{under}") == "I will be there."


def test_the_full_name_of_the_sender_starts_a_signature() -> None:
    text = "I will be there.\n\nAnn Own\nBoats and bread\n030 1234567"
    assert authored(text) == text
    assert authored(text, sender="Ann Own") == "I will be there."
    assert authored("Ann Own\nwas here.", sender="Ann Own") == "Ann Own\nwas here."


def test_a_signature_never_takes_a_whole_mail() -> None:
    assert authored("--\nAnn") == "--\nAnn"
    assert split_signature(["--", "Ann"]) == (["--", "Ann"], [])
    assert split_signature(["Yes.", "--", "Ann"]) == (["Yes."], ["--", "Ann"])


def test_a_mail_that_only_quotes_has_nothing_of_its_writer() -> None:
    assert authored("On 11 Mar 2025, at 09:31, Mira <m@example.org> wrote:\n\n> When?\n> Where?") == ""
    assert authored("> When?\n\n-- \nAnn") == ""


def test_a_link_broken_by_wrapping_stays_in_its_quote() -> None:
    text = "Yes.\n\n> see (http://example.com/boats\n_number=4)\n>\n> Mira"
    assert authored(text) == "Yes."


def test_line_ends_of_windows() -> None:
    assert authored("Yes.\r\nAt nine.\r\n\r\n> When?\r\n") == "Yes.\nAt nine."


def test_an_escaped_from_line_is_no_quote() -> None:
    assert authored("first\n>From here on\nlast") == "first\n>From here on\nlast"
    assert authored("> When?\n>From here\n> on\nYes.") == "Yes."


def test_forwarded_mail_is_told_from_quoted() -> None:
    assert forwards("FYI\n\n---------- Forwarded message ---------\nFrom: Mira")
    assert forwards("Begin forwarded message:\n\n> From: Mira")
    assert not forwards("FYI\n\n-----Original Message-----\nFrom: Mira")
    assert not forwards("I forwarded the message yesterday")


def test_html_becomes_lines() -> None:
    html = (
        "<html><head><title>no</title><style>p{}</style></head><body><p>One&nbsp;&amp; two</p>"
        "<div>three<br>four</div><ul><li>five</li><li>six</li></ul><script>no()</script><pre>a\n  b</pre>"
        "<div style='display: none'>no</div><table><tr><td>x</td><td>y</td></tr></table></body></html>"
    )
    assert html_to_text(html) == "One & two\n\nthree\nfour\n\n- five\n- six\n\na\n  b\n\nx y"


@pytest.mark.parametrize(
    "html",
    [
        "Yes.<blockquote type=cite>When?</blockquote>",
        "<p>Yes.</p><div class='gmail_quote'>On 11 Mar 2025 Mira &lt;m@x.org&gt; wrote:<br>{QUOTE}</div>",
        "Yes.<div class='gmail_quote'>On 11 Mar 2025 Mira &lt;m@x.org&gt; wrote:<div>When?</div></div>",
        "<div>Yes.<div class='gmail_signature'>Ann Own</div></div><blockquote>When?</blockquote>",
        "<p>Yes.</p><hr><b>From:</b> m@x.org<br><b>Sent:</b> Tuesday<br><b>Subject:</b> Boats<p>When?</p>",
    ],
)
def test_quotes_in_html_go(html: str) -> None:
    quote = "<blockquote class='gmail_quote'>When?<blockquote>Where?</blockquote></blockquote>"
    assert authored(html_to_text(html.replace("{QUOTE}", quote))) == "Yes."


def test_a_reply_under_a_quote_in_html_stays() -> None:
    html = "<div>On 11 Mar 2025 Mira wrote:</div><blockquote type='cite'>When?</blockquote><p>At nine.</p>"
    assert authored(html_to_text(html)) == "At nine."


def test_a_mail_that_is_one_blockquote_quotes_nobody() -> None:
    assert (
        authored(html_to_text("<blockquote><p>Dear Mira,</p><p>at nine.</p></blockquote>"))
        == "Dear Mira,\n\nat nine."
    )
    assert authored(html_to_text("<blockquote type='cite'>When?</blockquote>")) == ""


@pytest.mark.parametrize(
    "text",
    [
        "On " * 60_000,
        "On Mon " * 30_000,
        ">" * 200_000,
        "-" * 200_000,
        "On 1 Jan 2020 wrote " * 10_000 + ":",
        "On Mon, 1 Jan 2020 x <a@b.c\n" * 5_000,
        "From: a@b\n" * 8_000,
        "```\n" * 30_000,
        "x wrote y:\n" * 8_000,
        "> (http\n" * 20_000,
        "> a\n" + "\n" * 100_000 + "b",
        "\n" * 100_000,
        "--\n" * 30_000,
        "<div>" * 50_000,
        "<b><p>" * 2_000,
        "<blockquote>" * 1_500 + "x",
        "(" * 50_000,
    ],
    ids=range(17),
)
def test_time_grows_with_the_length_alone(text: str) -> None:
    started = time.process_time()
    authored(text)
    html_to_text(text)
    assert time.process_time() - started < 1.0


PIECES = st.sampled_from(
    [
        "> ",
        "\n",
        "\r\n",
        "On ",
        "1 Jan 2020 9:31",
        "wrote:",
        "<a@b.c>",
        "From: ",
        "Sent: ",
        "-----Original Message-----",
        "-- ",
        "```",
        "Regards",
        "\u2028",
        "\0",
        "é",
        "😀",
        ":",
        "<div>",
        "</blockquote>",
        "<blockquote>",
        "<pre>",
        "&#0;",
    ]
)


@settings(deadline=None, max_examples=rounds(150, 10_000))
@given(st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=6))).map("".join)))
def test_any_text_is_taken_and_nothing_is_made_up(text: str) -> None:
    kept = authored(text)
    lines = {line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")}
    assert all(any(line.strip() in whole for whole in lines) for line in kept.split("\n"))
    html_to_text(text)
    forwards(text)
