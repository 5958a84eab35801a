"""Which files may show that a step is done: judged by what is in them, whatever they are called."""

import struct
import zipfile

import pytest

from agencies.uploads import DOCUMENT_BYTES
from rollout.domain import documents
from rollout.domain.documents import Upload
from rollout.domain.refusals import Refused
from tests import files


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("ros.pdf", files.PDF, "application/pdf"),
        ("ROS.PDF", files.PDF, "application/pdf"),
        ("brev.docx", files.docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("tall.xlsx", files.xlsx(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("brev.odt", files.odt(), "application/vnd.oasis.opendocument.text"),
        ("skjerm.png", files.PNG, "image/png"),
        ("bilde.jpg", files.JPG, "image/jpeg"),
        ("bilde.jpeg", files.JPG, "image/jpeg"),
        ("referat.txt", "Møtet vedtok det.".encode(), "text/plain"),
        ("referat.txt", "Møtet vedtok det.".encode("cp1252"), "text/plain"),
    ],
)
def test_what_people_work_with_is_taken_as_what_it_is(name, content, content_type):
    document = documents.judge(Upload(name, content))
    assert (document.content_type, document.content) == (content_type, content)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("tom.pdf", b"", "Filen er tom"),
        ("stor.pdf", files.PDF + b"\0" * DOCUMENT_BYTES, "større enn 10 MB"),
        ("program.exe", files.EXE, "av denne typen tas ikke imot"),
        ("side.html", files.HTML, "av denne typen tas ikke imot"),
        ("bilde.svg", files.SVG, "av denne typen tas ikke imot"),
        ("uten ending", files.PDF, "av denne typen tas ikke imot"),
        ("arkiv.zip", files.packed(("a.txt", b"a")), "av denne typen tas ikke imot"),
        ("faktura.pdf", files.EXE, "ikke det navnet «faktura.pdf» sier"),
        ("faktura.pdf", files.HTML, "ikke det navnet"),
        ("bilde.png", files.SVG, "ikke det navnet"),
        ("bilde.png", files.JPG, "ikke det navnet"),
        ("notat.txt", files.HTML, "ikke det navnet"),
        ("notat.txt", b"\xef\xbb\xbf  " + files.SVG, "ikke det navnet"),
        ("notat.txt", files.EXE, "ikke det navnet"),
        ("brev.docx", files.xlsx(), "ikke det navnet"),
        ("brev.docx", files.packed(("program.exe", b"MZ")), "ikke det navnet"),
        ("brev.odt", files.docx(), "ikke det navnet"),
        ("brev.docx", files.PDF, "skadet eller låst"),
        ("brev.docx", files.docx()[:-40], "skadet eller låst"),
        ("brev.docx", files.docx(packing=zipfile.ZIP_LZMA), "skadet eller låst"),
        ("brev.docx", files.docx(packing=zipfile.ZIP_LZMA).replace(b"\x5d\0\0", b"\xff\0\0"), "skadet eller låst"),
        ("brev.docx", files.docx(("word/vbaProject.bin", b"\0")), "inneholder makroer"),
        ("bombe.docx", files.docx_bomb(), "pakker ut til mye mer"),
        ("mange.docx", files.docx(*[(f"{n}", b"") for n in range(documents.MAX_PARTS)]), "pakker ut til mye mer"),
    ],
)
def test_what_is_refused_is_told_in_a_sentence_at_the_field(name, content, told):
    with pytest.raises(Refused, match=told) as refused:
        documents.judge(Upload(name, content))
    assert refused.value.field == "document"


def test_a_bomb_that_lies_about_what_it_unfolds_to_is_refused():
    honest = files.docx(("word/media/1.bin", b"\0" * 30_000_000))
    said = struct.pack("<I", 30_000_000)
    assert honest.count(said) == 2
    with pytest.raises(Refused, match="skadet"):
        documents.judge(Upload("bombe.docx", honest.replace(said, struct.pack("<I", 1_000))))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (r"C:\Users\kari\Mine dokumenter\ROS.PDF", "ROS.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("faktura\u202efdp.exe.pdf", "faktura fdp.exe.pdf"),
        ('"; filename=x.html\r\n.pdf', "filename=x.html.pdf"),
        ("  ...hemmelig  .pdf", "hemmelig.pdf"),
        (".pdf", "vedlegg.pdf"),
        ("Blåbærsyltetøy vår 2018.pdf", "Blåbærsyltetøy vår 2018.pdf"),
        ("a" * 300 + ".pdf", "a" * 116 + ".pdf"),
    ],
)
def test_a_name_is_cleaned_and_stays_readable(sent, kept):
    assert documents.judge(Upload(sent, files.PDF)).name == kept
