"""The archive's export, and holding its signatures against their rows years later."""

import json
import re
import zlib

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from agencies.models import RoleName
from rollout.domain import archiving, confirming, deciding, erasing, learning, reviewing, signing_off
from rollout.domain.refusals import Refused
from rollout.models import EventKind, EvidenceFile, Placement, PlanEvent, SignOff
from rollout.views import archive_pdf
from tests.factories import (
    NOW,
    at,
    give_role,
    make_agency,
    make_figures,
    make_lead,
    make_person,
    make_ready,
    make_rollout,
    open_for_all,
    place,
)
from tests.shell import run

pytestmark = pytest.mark.django_db

NASTY = 'Vær på øya: #panic("x") $x^2$ \\ *fet* <a> @b `k` // nei /* nei */ ] } {" «ÆØÅ»'


@pytest.fixture
def kli():
    rollout = make_rollout(waves=1, guidelines=False)
    kli = place(make_agency("kli", name=NASTY), rollout.waves.get())
    head = give_role(make_person("leder.kli@example.org", name="Kari Nordmann"), RoleName.AGENCY_HEAD, kli.agency)
    make_lead()
    version = signing_off.publish(rollout=rollout, text=f"# Kjøreregler\n\n{NASTY}\ttab", by=make_lead(), now=NOW)
    signing_off.sign(
        placement=kli,
        version=version,
        hash_seen=version.text_hash,
        by=head,
        role=RoleName.AGENCY_HEAD,
        signed_in_by="oidc",
        now=at("2018-02-01 09:00:00.123456"),
    )
    make_ready(kli, by=head, but_not=("guidelines_adopted",))
    evidence = kli.evidence.first()
    EvidenceFile.objects.create(
        evidence=evidence,
        name="ros.pdf",
        content_type="application/pdf",
        size=3,
        sha256="ab" * 32,
        content=b"abc",
        uploaded_by=head,
        uploaded_at=NOW,
    )
    deciding.decide(wave=kli.wave, verdict="go", reason="Alt er klart.", by=make_lead(), now=NOW)
    return Placement.objects.get(pk=kli.pk)


def exported(placement) -> bytes:
    placement = Placement.objects.get(pk=placement.pk)  # as it is now
    return archiving.as_json(archiving.document(placement, now=at("2018-03-01 09:00")))


def verify(tmp_path, content: bytes):
    file = tmp_path / "arkiv.json"
    file.write_bytes(content)
    return run("verify_signoff", str(file))


def test_the_export_holds_the_whole_text_with_its_hash_and_who_signed_how(kli):
    found = json.loads(exported(kli))
    (signed,) = found["sign_offs"]
    assert signed["text"] == f"# Kjøreregler\n\n{NASTY}\ttab"
    assert signed["text_hash"] == SignOff.objects.get().text_hash
    assert signed["signed_at"] == "2018-02-01T08:00:00.123456+00:00"
    assert (signed["role"], signed["signed_in_by"], signed["version"]) == ("agency_head", "oidc", "1")
    assert signed["signer"] == str(SignOff.objects.get().person.opaque_id)
    assert (signed["name"], signed["email"]) == ("Kari Nordmann", "leder.kli@example.org")


def test_the_export_holds_decisions_evidence_files_waivers_and_events(kli):
    step = kli.course_version.steps.get(number=5)
    confirming.waive(placement=kli, step=step, reason="Gjort i piloten.", by=make_lead(), now=NOW)
    archiving.set_case(placement=kli, case_number=" 18/01234 ", by=make_lead(), now=NOW)
    found = json.loads(exported(Placement.objects.get(pk=kli.pk)))
    assert found["case_number"] == "18/01234"
    assert [(said["verdict"], said["reason"]) for said in found["decisions"]] == [("go", "Alt er klart.")]
    assert [shown["file"] for shown in found["evidence"] if shown["file"]] == [
        {"name": "ros.pdf", "size": "3", "sha256": "ab" * 32}
    ]
    assert [let_off["reason"] for let_off in found["waivers"]] == ["Gjort i piloten."]
    assert {event["kind"] for event in found["events"]} >= {"signed", "step_waived", "case_set"}


def test_the_export_holds_the_reviews_decision_and_the_agencys_own_lessons_but_nobodys_figures(kli):
    lead = make_lead()
    open_for_all(kli.wave)
    make_figures(kli, kli.wave.all_staff_on, activated=77)
    learning.write_lessons(placement=kli, texts=["Begynn i tide."], by=lead, now=NOW)
    reviewing.close(wave=kli.wave, pace="hold", reason="To ting mangler.", by=lead, now=at("2018-03-22 12:00"))
    found = json.loads(exported(kli))
    (review,) = found["reviews"]
    assert (review["wave"], review["pace"], review["reason"]) == ("1", "hold", "To ting mangler.")
    assert {"key": "working_days", "met": "False", "value": "0", "threshold": "15"} in review["criteria"]
    assert [lesson["text"] for lesson in found["lessons"]] == ["Begynn i tide."]
    assert not any("activated" in event["after"] for event in found["events"])


def test_the_case_number_is_set_once_an_event_each_change(kli):
    for number in ("18/1", "18/1", ""):
        archiving.set_case(placement=kli, case_number=number, by=make_lead(), now=NOW)
    events = PlanEvent.objects.filter(kind=EventKind.CASE_SET)
    assert [event.after["case_number"] for event in events] == ["18/1", ""]
    with pytest.raises(Refused, match="40 tegn"):
        archiving.set_case(placement=kli, case_number="1" * 41, by=make_lead(), now=NOW)


# -- verifying -------------------------------------------------------------------------------------------------------


def test_an_export_verifies_before_and_after_the_signer_is_erased(kli, tmp_path):
    before = exported(kli)
    assert verify(tmp_path, before).out == "1 signatur stemmer.\n"
    erasing.erase(person=SignOff.objects.get().person, by=make_lead(), now=NOW)
    assert verify(tmp_path, before).code == 0
    after = exported(kli)
    assert verify(tmp_path, after).code == 0
    assert b"Nordmann" not in after
    assert "email" not in json.loads(after)["sign_offs"][0]


def test_a_signature_given_since_does_not_disturb_an_older_export(kli, tmp_path):
    before = exported(kli)
    version = signing_off.publish(rollout=kli.rollout, text="Ny.", by=make_lead(), now=NOW)
    signing_off.sign(
        placement=kli,
        version=version,
        hash_seen=version.text_hash,
        by=make_person("leder.kli@example.org"),
        role=RoleName.AGENCY_HEAD,
        signed_in_by="code",
        now=NOW,
    )
    assert verify(tmp_path, before).out == "1 signatur stemmer.\n"
    assert verify(tmp_path, exported(kli)).out == "2 signaturer stemmer.\n"


@pytest.fixture
def compared(kli):
    """Where in the file each compared value stands: from its first byte to the one past its last."""
    content = exported(kli)
    begin = content.index(b'"sign_offs": [')
    places = []
    for name in ("id", *archiving.COMPARED):
        found = re.compile(rb'"%s": "((?:[^"\\]|\\.)*)"' % name.encode()).search(content, begin)
        places.append((name, *found.span(1)))
    return content, places


def test_every_compared_value_is_in_the_file_to_be_tampered_with(compared):
    _content, places = compared
    assert [name for name, start, end in places if end <= start] == []
    assert {name for name, _start, _end in places} == {"id", *archiving.COMPARED}


def _passes(content: bytes) -> bool:
    try:
        return [one for signed in archiving.read(content) for one in archiving.differences(signed)] == []
    except Refused:
        return False


def test_one_byte_of_any_compared_value_that_differs_fails(compared):
    content, places = compared
    assert _passes(content)

    @hypothesis(max_examples=300)
    @given(st.data())
    def tamper(data):
        _name, start, end = data.draw(st.sampled_from(places))
        where = data.draw(st.integers(start, end - 1))
        byte = data.draw(st.integers(0, 255).filter(lambda other: other != content[where]))
        assert not _passes(content[:where] + bytes([byte]) + content[where + 1 :])

    tamper()


def test_every_single_bit_of_the_text_counts(compared):
    content, places = compared
    (start, end) = next((start, end) for name, start, end in places if name == "text")
    for where in range(start, end):
        for bit in range(8):
            assert not _passes(content[:where] + bytes([content[where] ^ 1 << bit]) + content[where + 1 :]), where


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"text": "Noe annet."}, "teksten har ikke den SHA-256"),
        ({"text_hash": "0" * 64}, "tekstens SHA-256 er ikke"),
        ({"signer": "00000000-0000-4000-8000-000000000000"}, "signererens id er ikke"),
        ({"signed_at": "2018-02-01T08:00:00.123457+00:00"}, "tidspunkt er ikke"),
        ({"role": "deputy"}, "rolle er ikke"),
        ({"signed_in_by": "code"}, "innlogging er ikke"),
        ({"agency": "vav"}, "virksomhet er ikke"),
        ({"version": 1}, "versjon er ikke"),
        ({"id": "999999999"}, "finnes ikke"),
        ({"id": None}, "finnes ikke"),
    ],
)
def test_what_differs_is_told_with_exit_code_1(kli, tmp_path, change, told):
    found = json.loads(exported(kli))
    found["sign_offs"][0] |= change
    ended = verify(tmp_path, json.dumps(found).encode())
    assert ended.code == 1
    assert told in ended.err


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[]", b"{}", b'{"format": "puljeplan-archive-1", "sign_offs": []}', b'{"a": 1, "a": 2}'],
)
def test_what_is_no_export_is_refused_in_words(tmp_path, content):
    ended = verify(tmp_path, content)
    assert ended.code == 1
    assert ended.err.startswith("Filen ")


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b'{"format": "puljeplan-archive-1", "sign_offs": [{"id": "\\ud800"}]}']
)
def test_a_file_made_to_break_the_reader_is_none_of_ours(tmp_path, content):
    ended = verify(tmp_path, content)
    assert (ended.code, ended.err.startswith("Filen kan ikke leses")) == (1, True)


def test_a_missing_file_is_told(tmp_path):
    ended = run("verify_signoff", str(tmp_path / "borte.json"))
    assert (ended.code, ended.err.startswith("Filen kan ikke leses")) == (1, True)


# -- the PDF ---------------------------------------------------------------------------------------------------------


def pdf_of(placement) -> bytes:
    now = at("2018-03-01 09:00")
    return archive_pdf.pdf(placement, archiving.document(placement, now=now), now=now)


def streams(pdf: bytes) -> bytes:
    """What the file holds, with its compressed parts read."""
    parts = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    opened = []
    for part in parts:
        try:
            opened.append(zlib.decompress(part))
        except zlib.error:
            continue
    return pdf + b"\n".join(opened)


def test_the_pdf_is_archival_tagged_norwegian_and_brings_its_fonts(kli):
    found = streams(pdf_of(kli))
    assert found.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part>" in found and b"<pdfaid:conformance>A</pdfaid:conformance>" in found
    assert b"<pdfuaid:part>1</pdfuaid:part>" in found
    assert b"/StructTreeRoot" in found and b"/Lang" in found and b"nb-NO" in found
    assert b"/FontFile" in found
    # Nothing is fetched or run by who opens it.
    assert b"/JavaScript" not in found and b"/URI" not in found and b"/Launch" not in found


def test_what_people_typed_is_set_as_it_stands_and_never_read_as_markup(kli):
    """`#panic` would stop the setting, `$` begin a formula, a backslash be an escape."""
    assert pdf_of(kli).startswith(b"%PDF")
    words = json.dumps(archive_pdf._words(kli, archiving.document(kli, now=NOW), now=NOW), ensure_ascii=False)
    assert json.loads(words)["sections"][0]["entries"][0]["text"] == f"# Kjøreregler\n\n{NASTY}\ttab"


def test_the_pdf_of_an_agency_that_has_done_nothing_says_so(kli):
    bare = place(make_agency("vav"), rollout=kli.rollout)
    words = archive_pdf._words(bare, archiving.document(bare, now=NOW), now=NOW)
    assert "Kjørereglene er ikke signert." in [section["note"] for section in words["sections"]]
    assert pdf_of(bare).startswith(b"%PDF")


def test_an_emoji_in_what_was_typed_does_not_keep_the_agency_out_of_the_archive(kli):
    """The fonts have it not, and a PDF/A with a sign missing is none: typst refuses the whole document."""
    kli.evidence.update(text="Drøftet 🎉 med 員 og \u202eomvendt")
    assert pdf_of(kli).startswith(b"%PDF")
    words, spelt_out = archive_pdf._settable(["Drøftet 🎉 med 員 og \u202eomvendt", {"a": ["blåbær – «så»"]}])
    assert (words, spelt_out) == (
        ["Drøftet [U+1F389] med [U+54E1] og [U+202E]omvendt", {"a": ["blåbær – «så»"]}],
        True,
    )
    assert archive_pdf._settable(["Bare bokstaver: æøå ÆØÅ § € → ≥ ✓"]) == (
        ["Bare bokstaver: æøå ÆØÅ § € → ≥ ✓"],
        False,
    )


def test_every_sign_that_is_said_to_be_settable_is_in_the_fonts(kli):
    signs = [chr(number) for number in range(0x110000) if archive_pdf._has(chr(number))]
    assert len(signs) > 2000
    lines = ["a".join(signs[start : start + 50]) for start in range(0, len(signs), 50)]
    kli.evidence.update(text="\n".join(lines))
    assert pdf_of(kli).startswith(b"%PDF")
