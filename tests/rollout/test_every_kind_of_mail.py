"""Every kind of mail, drafted with a rollout's facts and read as the mail a server gets."""

import email
import html
import re
from email.policy import default
from html.parser import HTMLParser

import pytest
from django.core.cache import cache
from django.db import transaction

from agencies.models import Agency, Person
from rollout import emails
from rollout.delivery.writing import Letter, as_bytes
from rollout.domain import previewing
from rollout.domain.previewing import KINDS
from rollout.emails import Draft
from rollout.management.commands.preview_mail import letter
from rollout.models import EmailKind, Rollout
from tests import every_mail
from tests.factories import set_clock
from tests.shell import run

pytestmark = pytest.mark.django_db

CODE = "commitment_code"  # mailed at once, and no row of the outbox
#: Gmail cuts off what is longer, and with it the reason why the mail came.
GMAIL_CUTS_AT = 102_000
DATE = re.compile(r"\d{1,2}\. (?:jan|feb|mars|april|mai|juni|juli|aug|sep|okt|nov|des)[a-z]*\.?(?: \d{4})?")
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"}


@pytest.fixture(scope="module", autouse=True)
def rollout(django_db_setup, django_db_blocker):
    """Made once, and undone after the last test."""
    with django_db_blocker.unblock(), transaction.atomic():
        cache.clear()
        yield every_mail.build()
        transaction.set_rollback(True)


def letters(kind: str) -> list[Letter]:
    """The mails of one kind, as they would be sent."""
    rollout, now = Rollout.objects.get(), every_mail.TODAY
    if kind == CODE:
        agency, reader = Agency.objects.get(slug="lys"), Person.objects.get(email="ny@example.org")
        words = emails.code.code(rollout=rollout, agency=agency, code="123456", minutes=15)
        return [letter(Draft(EmailKind.ANSWER, "", reader, *words), rollout=rollout, now=now)]
    drafts = previewing.preview(EmailKind(kind), rollout=rollout, now=now).drafts
    return [letter(draft, rollout=rollout, now=now) for draft in drafts]


class Read(HTMLParser):
    """What a reader sees and may press; complains of elements that are not closed in their order."""

    def __init__(self, markup: str):
        super().__init__()
        self.open, self.words, self.links, self.elements, self.brought = [], [], set(), set(), set()
        self.feed(markup)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "href" and tag == "a":
                self.links.add(value)
            if name in ("src", "srcset", "background", "poster") or (name == "href" and tag == "link"):
                self.brought.add(value)
            assert not name.startswith("on"), name
            assert "url(" not in (value or "")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open:
            assert "@import" not in data and "url(" not in data
        elif "title" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return flat(" ".join(self.words))


def flat(text: str) -> str:
    return " ".join(text.split())


def test_every_kind_has_a_line():
    assert set(KINDS) == set(EmailKind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drafted_for_somebody(kind):
    occasion = previewing.preview(kind, rollout=Rollout.objects.get(), now=every_mail.TODAY)

    assert occasion.sentence.endswith(".")
    assert occasion.drafts
    assert {draft.kind for draft in occasion.drafts} == {kind}


@pytest.mark.parametrize("kind", [*KINDS, CODE])
def test_the_standard_library_reads_it_without_a_complaint(kind):
    for sent in letters(kind):
        content = as_bytes(sent)
        mail = email.message_from_bytes(content, policy=default)

        assert not any(part.defects for part in mail.walk())
        assert all(not value.defects for part in mail.walk() for value in part.values())
        assert max(len(line) for line in content.split(b"\r\n")) <= 78
        assert mail["Subject"] == sent.headline
        assert mail["To"] == sent.to_address
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail.get_body(["plain"]).get_content().splitlines() == sent.text.splitlines()
        assert mail.get_body(["html"]).get_content().splitlines() == sent.html.splitlines()
        files = [part.get_content_type() for part in mail.iter_attachments()]
        assert files == (["text/calendar"] if sent.calendar else [])


@pytest.mark.parametrize("kind", [*KINDS, CODE])
def test_the_text_part_stands_alone(kind):
    """It has every link, every date and every agency that the HTML has."""
    names = [agency.name for agency in Agency.objects.all()]
    for sent in letters(kind):
        seen, text = Read(sent.html), flat(sent.text)

        for link in seen.links:
            assert link.removeprefix("mailto:") in text
        for day in DATE.findall(seen.text):
            assert day in text
        for name in names:
            assert (flat(name) in text) == (flat(name) in seen.text), name


@pytest.mark.parametrize("kind", [*KINDS, CODE])
def test_the_html_is_well_formed_in_bokmal_and_brings_nothing_from_elsewhere(kind):
    for sent in letters(kind):
        seen = Read(sent.html)

        assert '<html lang="nb"' in sent.html
        assert seen.brought == set()
        assert seen.elements.isdisjoint({"script", "img", "link", "iframe", "form", "object", "svg", "video"})
        assert len(sent.html.encode()) < GMAIL_CUTS_AT


@pytest.mark.parametrize("kind", [*KINDS, CODE])
def test_what_somebody_wrote_stays_words(kind):
    for sent in letters(kind):
        seen = Read(sent.html)

        assert "script" not in seen.elements and "b" not in seen.elements
        if every_mail.NASTY in sent.text:
            assert flat(every_mail.NASTY) in seen.text
        if "<script>" in sent.text:
            assert "<script>alert('hei')</script>" in seen.text
        assert "&amp;amp;" not in sent.html
        assert html.unescape(sent.headline) == sent.headline


def test_a_command_writes_one_of_each_to_a_folder_and_says_where_there_is_none(tmp_path, settings):
    settings.DEMO_MODE = True
    set_clock(every_mail.TODAY)

    ended = run("preview_mail", str(tmp_path / "mail"))

    assert ended.code == 0 and ended.err == ""
    assert {file.stem for file in (tmp_path / "mail").iterdir()} == set(KINDS)
    assert len(ended.out.splitlines()) == len(KINDS)
    mail = email.message_from_bytes((tmp_path / "mail" / "no_decision.eml").read_bytes(), policy=default)
    assert mail["Subject"] == "Pulje 1 åpnet ikke for alle: ingen beslutning"
