"""Words that are not names, though they stand in names: particles, function words, marks of an organisation.

All folded as :func:`ipse.privacy.names.fold` does.
"""

__all__ = ["OFFICES", "ORGANISATION", "PARTICLES", "ROLES", "STOPWORDS"]


def _words(lines: str) -> frozenset[str]:
    return frozenset(lines.split())


PARTICLES = _words("""
de da do dos das del della di du la le van von der den ter ten zu zum zur af av bin ibn bint al el the mr
mrs ms dr prof sir herr frau jr sr ii iii and und via
""")
"""Parts of names that say nothing alone."""

STOPWORDS = _words("""
a about after all also am an and any are as at be been but by can could did do for from get go had has
have he her here him his how i if in into is it its just like may me more much my no not now of off on one
only or our out over say see she should so some such than that the their them then there these they this
to too up us very was we well were what when where which who will with would yes you your aber als auch
auf aus bei bin bis bist da damit dann das dass dein dem den der des die dir doch du ein eine einem einen
einer er es euch fast fur ganz gern gut habe hat hatte ich ihm ihn ihr im immer ist ja jetzt kann kein man
mehr mein mich mir mit nach nein nicht noch nun nur ob oder ohne schon sehr sein sich sie sind soll um und
uns vom von vor war weg weil wenn wer wie wir wird wo zu zum zur au aux avec ce ces dans de elle en est et
eux il je la le les leur lui ma mais mes moi mon ne nos notre nous ou par pas pour qu que qui sa se ses
son sur ta te tes toi ton tu un une vos vous al como con del dos el era eso esta este hay las lo los mas
mi muy nada o para pero por porque si sin su sus tan una uno y ya yo che ci cosa dei di gli ho io loro mio
nel non per piu quel questo sei sono ti tra voi ao ele em eu foi isso meu na num os pela pelo sao seu sim
uma voce aan bij dat deze dit door een geen heb heeft het hij hoe ik kan maar mijn naar niet nog nu om ook
op ten toch uit van veel voor want wat wel wij ze zei zij zijn а без бы был в во вот все да для до его ее
если есть еще же за и из или их к как ко ли мне мы на не нет но ну о он она они от по под при с так там то
только ты у уж что чтобы это я
""")
"""Function words of nine languages, some of them somebody's name. Written in lower case they are not."""

ORGANISATION = _words("""
the team support service services customer newsletter news noreply reply inc llc ltd gmbh ag ug kg co corp
company group bank shop store club verein schule school university account accounts billing notification
notifications alerts updates info office kundenservice via online
""")
"""A name that holds one of these is an organisation's: its words are not names alone."""

ROLES = _words("""
abuse account accounts admin alert alerts automated billing bot bounce bounces contact customerservice
donotreply do-not-reply feedback hello help hilfe info invitations invoice invoices kontakt kundenservice
mail mailer mailer-daemon marketing news newsletter noreply no-reply notification notifications notify
office order orders payments post postmaster receipts reply sales security service shop support team
update updates webmaster welcome
""")
"""Mailboxes of nobody in particular, by the letters before the ``@``."""

OFFICES = _words("""
again all alle ambassador arztin both burgermeister chairman chairwoman chancellor chef chefin dad
directeur director direktor docteur doctor doktor euch everybody everyone folks friends god gott guys ihr
job judge justice kanzler kanzlerin kollegin lehrer lehrerin leute maire mama maman market mayor minister
ministerin mom mum mutti nachbar nachbarin oma opa papa prasident prasidentin president presidente
professor right secretary speaker strange team there together vati who work world zusammen
""")
"""What stands behind a title or a greeting and is no name: ``Mr President``, ``hi all``."""
