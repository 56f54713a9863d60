"""What the writer of a mail wrote: quotes in many languages go, the writer's own words stay."""

import sys
from collections.abc import Callable

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


# As Gmail, Apple Mail, Thunderbird and others write them in the languages of their users.
HEADERS_BY_LANGUAGE = {
    "en": [
        "On 11 Mar 2025, at 09:31, Mira Stein wrote:",
        "On Tue, Mar 11, Mira Stein\n<mira@example.org>\nwrote:",
    ],
    "de": [
        "Am 11.03.25 um 09:31 schrieb Mira Stein:",
        "Mira Stein <mira@example.org> schrieb am Di., 11.\nMärz 2025, 09:31:",
    ],
    "fr": ["Le 11/03/2025 à 09:31, Mira Stein a écrit :"],
    "es": ["El 11/3/2025 a las 9:31, mira@example.org escribió:"],
    "it": ["In data 11 marzo 2025 09:31:25 Mira Stein <mira@example.org> ha scritto:"],
    "pt": ["No dia 11 de mar. de 2025, às 09:31, Mira Stein <mira@example.org> escreveu:"],
    "nl": ["Op 11 mrt. 2025, om 09:31 heeft Mira Stein <mira@example.org> het volgende geschreven:"],
    "ru": [
        "11 марта 2025 г., в 9:31, Мира <mira@example.org> написал(а):",
        "11.03.2025 9:31, Мира Штейн пишет:",
    ],
    "uk": ["вт, 11 бер. 2025 р. о 09:31 Mira Stein <mira@example.org> пише:"],
    "pl": ["Wiadomość napisana przez Mira Stein <mira@example.org> w dniu 11 mar 2025, o godz. 09:31:"],
    "tr": ["Mira Stein <mira@example.org>, 11 Mar 2025 Sal, 09:31 tarihinde şunu yazdı:"],
    "sv": ["11 mars 2025 kl. 09:31 skrev Mira Stein <mira@example.org>:"],
    "da": ["Den tir. 11. mar. 2025 kl. 09.31 skrev Mira Stein <\nmira@example.org>:"],
    "nb": ["tir. 11. mars 2025 kl. 09:31 skrev Mira Stein <mira@example.org\n>:"],
    "fi": ["Mira Stein <mira@example.org> kirjoitti 11.3.2025 kello 9.31:"],
    "cs": ["út 11. 3. 2025 v 9:31 odesílatel Mira Stein <mira@example.org> napsal:"],
    "ro": ["Pe 11 mar. 2025, la 09:31, Mira Stein <mira@example.org> a scris:"],
    "hu": ["Mira Stein <mira@example.org> ezt írta (időpont: 2025. márc. 11., K, 9:31):"],
    "el": ["Στις Τρί 11 Μαρ 2025 στις 9:31 π.μ., ο χρήστης Mira Stein <mira@example.org> έγραψε:"],
    "ar": ["في الثلاثاء، 11 مارس 2025 في 9:31 ص تمت كتابة ما يلي بواسطة Mira Stein <mira@example.org>:"],
    "he": ["\u202bבתאריך 11 במרץ 2025 ב-9:31 מאת \u202aMira\u202c\u200f <\u202am@x.org\u202c\u200f>:\u202c"],
    "hi": ["मंगल, 11 मार्च 2025 को 9:31 am बजे को Mira Stein <mira@example.org> ने लिखा:"],
    "id": ["Pada tanggal Sel, 11 Mar 2025 pukul 09.31 Mira Stein <mira@example.org> menulis:"],
    "vi": ["Vào Th 3, 11 thg 3, 2025 vào lúc 09:31 Mira Stein <mira@example.org> đã viết:"],
    "ja": ["2025年3月11日(火) 9:31 Mira Stein <mira@example.org>:", "2025/03/11 9:31、Mira Steinのメール:"],
    "ko": ["2025년 3월 11일 (화) 오전 9:31, Mira Stein <mira@example.org>님이 작성:"],
    "zh": [
        "Mira Stein <mira@example.org> 于2025年3月11日周二 09:31写道：",
        "在 2025年3月11日，上午9:31，Mira 写道：",
    ],
    "ka": ["სამ, 11 მარ. 2025, 09:31 Mira Stein (<mira@example.org>) დაწერა:"],
}
BLOCKS_BY_LANGUAGE = {
    "de": "Von Gesendet An Betreff",
    "fr": "De Envoyé À Objet",
    "es": "De Enviado Para Asunto",
    "it": "Da Inviato A Oggetto",
    "pt": "De Enviada_em Para Assunto",
    "nl": "Van Verzonden Aan Onderwerp",
    "ru": "От Отправлено Кому Тема",
    "uk": "Від Надіслано Кому Тема",
    "pl": "Od Wysłano Do Temat",
    "tr": "Kimden Gönderildi Kime Konu",
    "sv": "Från Skickat Till Ämne",
    "da": "Fra Sendt Til Emne",
    "nb": "Fra Sendt Til Emne",
    "fi": "Lähettäjä Lähetetty Vastaanottaja Aihe",
    "cs": "Od Odesláno Komu Předmět",
    "ro": "De_la Trimis Către Subiect",
    "hu": "Feladó Elküldve Címzett Tárgy",
    "el": "Από Στάλθηκε Προς Θέμα",
    "ar": "من تاريخ_الإرسال إلى الموضوع",
    "he": "מאת נשלח אל נושא",
    "hi": "प्रेषक भेजा_गया को विषय",
    "id": "Dari Dikirim Kepada Subjek",
    "vi": "Từ Đã_gửi Đến Chủ_đề",
    "ja": "差出人 送信日時 宛先 件名",
    "ko": "보낸_사람 보낸_날짜 받는_사람 제목",
    "zh": "发件人 发送时间 收件人 主题",
    "ka": "გამგზავნი თარიღი მიმღები თემა",
}
DIVIDERS = [
    "-----Original Message-----",
    "----- original message -----",
    "-----Reply Message-----",
    "-----Ursprüngliche Nachricht-----",
    "-------- Message d'origine --------",
    "-------- Mensaje original --------",
    "----- Messaggio originale -----",
    "-----Mensagem original-----",
    "-----Oorspronkelijk bericht-----",
    "-----Исходное сообщение-----",
    "-------- Oprindelig besked --------",
    "-----Opprinnelig melding-----",
    "-----Alkuperäinen viesti-----",
    "-----Wiadomość oryginalna-----",
    "-----Původní zpráva-----",
    "-----Eredeti üzenet-----",
    "-----Mesaj original-----",
    "-----Αρχικό μήνυμα-----",
    "-----Orijinal İleti-----",
    "----- Thư gốc -----",
    "-----Pesan Asli-----",
    "------------------ 原始邮件 ------------------",
    "-----元のメッセージ-----",
    "-----원본 메시지-----",
    "-----הודעה מקורית-----",
    "-----الرسالة الأصلية-----",
    "-----मूल संदेश-----",
]
DEVICES = [
    "Sent from my iPhone",
    "Sent from my iPhone.",
    "Sent from Mail for Windows",
    "Sent with Proton Mail secure email.",
    "Get Outlook for Android<https://example.com/x>",
    "Gesendet von Mail für Windows",
    "Von meinem Samsung Galaxy Smartphone gesendet.",
    "Envoyé de mon iPhone",
    "Télécharger Outlook pour iOS",
    "Enviado desde mi iPhone",
    "Obtener Outlook para Android",
    "Inviato da iPhone",
    "Enviado do meu iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Отправлено с iPhone",
    "Надіслано з iPhone",
    "Wysłane z iPhone’a",
    "iPhone’umdan gönderildi",
    "Skickat från min iPhone",
    "Sendt fra min iPhone",
    "Hent Outlook til iOS",
    "Lähetetty iPhonesta",
    "Odesláno z iPhonu",
    "Trimis de pe iPhone-ul meu",
    "Az iPhone-omról küldve",
    "Στάλθηκε από το iPhone μου",
    "أُرسلت من الـ iPhone الخاص بي",
    "נשלח מה-iPhone שלי",
    "मेरे iPhone से भेजा गया",
    "Dikirim dari iPhone saya",
    "Được gửi từ iPhone của tôi",
    "iPhoneから送信",
    "나의 iPhone에서 보냄",
    "发自我的 iPhone",
    "從我的iPhone傳送",
    "გამოგზავნილია ჩემი iPhone-დან",
]


@pytest.mark.parametrize("header", [header for found in HEADERS_BY_LANGUAGE.values() for header in found])
@pytest.mark.parametrize("quoted", ["\n\n> we sail at nine\n", "\n\nWe sail at nine.\nBring bread."])
def test_a_quote_header_in_the_languages_of_programs(header: str, quoted: str) -> None:
    assert authored(f"I will be there.\nWith bread.\n\n{header}{quoted}") == "I will be there.\nWith bread."


@pytest.mark.parametrize("mark", ["", "*"])
@pytest.mark.parametrize("language", BLOCKS_BY_LANGUAGE)
def test_a_header_block_in_the_languages_of_programs(language: str, mark: str) -> None:
    labels = BLOCKS_BY_LANGUAGE[language].replace("_", "\0").split()
    values = ("Mira Stein <mira@example.org>", "11.03.2025 09:31", "Ann", "Boats")
    colon = "：" if language in ("ja", "zh") else " :" if language == "fr" else ":"
    block = "\n".join(
        f"{mark}{label}{colon}{mark} {value}" for label, value in zip(labels, values, strict=True)
    )
    assert authored(f"I will be there.\n\n{block.replace(chr(0), ' ')}\n\nWhen?\n") == "I will be there."


@pytest.mark.parametrize("divider", DIVIDERS)
def test_a_divider_in_the_languages_of_programs(divider: str) -> None:
    assert authored(f"I will be there.\n\n{divider}\n\nWe sail at nine.\n") == "I will be there."


@pytest.mark.parametrize("line", DEVICES)
def test_the_line_of_a_phone_in_the_languages_of_phones(line: str) -> None:
    assert authored(f"I will be there.\n\n{line}") == "I will be there."
    assert authored(f"I will be there.\n\n{line}\n\nWe sail at nine.\nBring bread.") == "I will be there."


@pytest.mark.parametrize(
    "footer",
    [
        (
            "This e-mail and its attachments are confidential and intended for the addressee. If received\n"
            "this in error, please notify the sender and delete it."
        ),
        (
            "Diese E-Mail ist vertraulich. Wenn Sie nicht der Empfänger sind oder sie irrtümlich haben,\n"
            "informieren Sie bitte den Absender; jede Weitergabe ist nicht gestattet."
        ),
        (
            "Ce message est confidentiel. Si vous n'en êtes pas le destinataire et l'avez par erreur, merci\n"
            "d'avertir l'expéditeur et de le détruire."
        ),
        "Это сообщение конфиденциально. Если вы не получатель и оно пришло по ошибке, удалите его.",
        (
            "You received this message because you are subscribed to a group of sailors.\n"
            "To leave it, write to boats+unsubscribe@example.org."
        ),
        "_______________________________________________\nboats mailing list\nhttps://lists.example.org/boats",
        "—\nReply to this email directly or view it on GitHub: https://example.org/1",
        "Virenfrei. www.example.org",
        "Please consider the environment before printing this mail.",
    ],
)
def test_what_others_put_under_a_mail_goes(footer: str) -> None:
    assert authored(f"I will be there.\n\n{footer}\n") == "I will be there."
    assert authored(f"I will be there.\n\n-- \nAnn\n\n{footer}\n") == "I will be there."


def test_a_quote_that_was_wrapped_again_stays_a_quote() -> None:
    long = "> we sail at nine from the pier behind the market, and somebody should\nbring bread\n> and cheese"
    assert authored(f"Yes.\n\n{long}\n") == "Yes."
    again = (
        f"{long}\n> as we did when we sailed to the island in the long summer of that year.\nwith butter\n>"
    )
    assert authored(f"Yes.\n\n{again}\n") == "Yes."
    asked = "> When do we sail, and from which of the piers behind the market is it?\nat nine\n> Where?"
    assert authored(asked) == "at nine"


def test_what_stands_around_a_quote_keeps_its_distance() -> None:
    assert authored("Yes.\n> When?\n\nAt nine.") == "Yes.\nAt nine."
    assert authored("Yes.\n\n> When?\n\nAt nine.") == "Yes.\n\nAt nine."


def test_arrows_that_quote_nobody_stay() -> None:
    text = "Look here\n>>> the pier <<<\nand come."
    assert authored(text) == text


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
        "This is confidential, so tell nobody.",
        "I will unsubscribe from that paper.",
        "The letter was sent from my iPhone to all of us.",
        "Look at https://example.org/what-ann-wrote on Monday.\nIt is good.",
        "The boats come from: the north, to: the south.",
        "We meet:\n-- at nine\n-- at ten\n\nCome.",
        "Die Nachricht: wir segeln.\nVon: hier bis dort.",
        "Call them:\n\nThe pier\n+49 30 1234567\npier@example.org",
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
        "Ann Own\nBoats and bread\nTel. +49 30 1234567\nann@example.com",
        "Mit freundlichen Grüßen\n\nAnn Own",
        "С уважением,\n\nАнна",
        "—\nAnn Own\nBoats",
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


def steps(work: Callable[[], object]) -> int:
    """Calls of functions, ours and those of Python: what a run costs, on any machine."""
    count = 0

    def count_one(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(count_one)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    ("piece", "times"),
    [
        ("On ", 5_000),
        ("On Mon ", 5_000),
        (">", 20_000),
        ("> " * 20 + "\n", 300),
        ("-", 20_000),
        ("On 1 Jan 2020 wrote ", 1_000),
        ("On Mon, 1 Jan 2020 x <a@b.c\n", 400),
        ("On Mon, 1 Jan 2020 x <a@b.c\n\n", 400),
        ("From: a@b\n", 400),
        ("From: a@b\n\n", 400),
        ("Date: 1 Jan 2020 9:31 To: x\n", 400),
        ("```\n", 600),
        ("x wrote y:\n", 400),
        ("x wrote y:\n\n", 400),
        ("> (http\n", 400),
        ("> " + "a" * 70 + "\nb\n", 300),
        ("\n", 5_000),
        ("--\n", 600),
        ("\n\nSent from my iPhone\n\n", 300),
        ("confidential privileged addressee " * 5 + "\n\n", 200),
        ("-----Original Message\n", 400),
        ("Begin forwarded message:\n", 400),
        ("Regards\n\nAnn\n\n", 300),
        ("<a@b.c", 3_000),
        ("&lt;", 5_000),
        ("x" * 70 + "\n", 500),
    ],
    ids=range(26),
)
def test_steps_grow_with_the_length_alone(piece: str, times: int) -> None:
    authored("On Monday Ann wrote:")  # the words are read once
    once = steps(lambda: authored(piece * times))
    twice = steps(lambda: authored(piece * times * 2))
    assert twice <= 2.2 * once + 2_000


def test_no_pattern_looks_further_than_a_bounded_piece() -> None:
    """A line longer than any that is looked at costs no more than the longest that is."""
    for letter in ">-<(\"'@:.a1 _*=":
        assert steps(lambda line=letter * 1_000_000: authored(line)) < 500  # type: ignore[misc]


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
