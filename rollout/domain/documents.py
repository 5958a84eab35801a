"""Files that show a step is done: which are taken, judged by what is in them, and under which name they are kept.

What a browser says of a file (its type, its name's ending) proves nothing, and whoever opens it later trusts us. So the
content must be of the kind that the name says, and that kind must stand in `KINDS`.
"""

import hashlib
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import puremagic
from django.utils.translation import gettext as _

from agencies.uploads import DOCUMENT_BYTES
from rollout.domain.refusals import Refused

#: A packed document may unfold to a thousand times its size: what it says it unfolds to, at most.
MAX_UNPACKED = 100 * 1024 * 1024
MAX_PARTS = 2_000
MAX_NAME = 120
FIELD = "document"  # the input the refusals are about

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
#: Parts of a document that run: macros, and files of other kinds put inside it.
_RUNS = re.compile(r"vbaProject\.bin$|(^|/)(Basic|Scripts)/|/activeX/", re.IGNORECASE)
_NO_WORDS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")


class Upload(NamedTuple):
    """A file as it was sent."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Document:
    """A file that may be kept: its cleaned name, and what it is."""

    name: str
    content_type: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def _looks_like(content_type: str, content: bytes) -> bool:
    return any(found.mime_type == content_type for found in puremagic.magic_string(content))


def _text(content: bytes) -> bool:
    """Words in UTF-8 or Windows-1252, and no markup that a browser might take for a page."""
    try:
        words = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        words = content.decode("cp1252", errors="replace")
    return not (_NO_WORDS.search(words) or words.lstrip().startswith("<"))


def _office(part: str, content: bytes) -> bool:
    return {"[Content_Types].xml", part} <= set(_parts(content))


def _open_document(content_type: str, content: bytes) -> bool:
    return _parts(content).get("mimetype") == content_type.encode()


def _parts(content: bytes) -> dict[str, bytes]:
    """The names of what is packed in the file, with the content of `mimetype`.

    Raises:
        Refused: it cannot be unpacked, unfolds to too much, or holds something that runs.
    """
    damaged = Refused(_("Filen er skadet eller låst med passord. Lagre den på nytt og prøv igjen."), field=FIELD)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise Refused(
                    _("Filen pakker ut til mye mer enn den ser ut til, og tas ikke imot. Lagre den som PDF."),
                    field=FIELD,
                )
            if any(_RUNS.search(part.filename) for part in parts):
                raise Refused(_("Filen inneholder makroer. Lagre den uten makroer, eller som PDF."), field=FIELD)
            # Office packs in no other ways, and some of them let a file say how much memory it takes to unpack it.
            if any(part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
                raise damaged
            # Unpacks it all, never more than each part said: one that says less than it holds fails its checksum.
            if packed.testzip() is not None:
                raise damaged
            found = {part.filename: b"" for part in parts}
            if "mimetype" in found:
                found["mimetype"] = packed.read("mimetype").strip()
            return found
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError):
        raise damaged from None


class Kind(NamedTuple):
    """What a file of this kind is served as, and whether some content is of it."""

    content_type: str
    holds: Callable[[bytes], bool]


def _seen(content_type: str) -> Kind:
    return Kind(content_type, partial(_looks_like, content_type))


def _odf(content_type: str) -> Kind:
    return Kind(_OPEN_DOCUMENT + content_type, partial(_open_document, _OPEN_DOCUMENT + content_type))


#: What may be attached, by the ending of its name.
KINDS: dict[str, Kind] = {
    "pdf": _seen("application/pdf"),
    "docx": Kind(f"{_OFFICE}wordprocessingml.document", partial(_office, "word/document.xml")),
    "xlsx": Kind(f"{_OFFICE}spreadsheetml.sheet", partial(_office, "xl/workbook.xml")),
    "pptx": Kind(f"{_OFFICE}presentationml.presentation", partial(_office, "ppt/presentation.xml")),
    "odt": _odf("text"),
    "ods": _odf("spreadsheet"),
    "odp": _odf("presentation"),
    "png": _seen("image/png"),
    "jpg": _seen("image/jpeg"),
    "jpeg": _seen("image/jpeg"),
    "txt": Kind("text/plain", _text),
}
#: Said beside the field and in the refusals.
TAKEN = "PDF, Word, Excel, PowerPoint, OpenDocument, PNG, JPG, TXT"


def cleaned_name(name: str) -> str:
    """The file's own name without folders, invisible characters (some turn a name around) or what a path could use."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(letter if unicodedata.category(letter)[0] in "LNPSM" else " " for letter in name)
    stem, _dot, ending = re.sub(r'[<>:"|?*%;]', " ", kept).rpartition(".")
    stem = " ".join(stem.split()).strip(". ")[: MAX_NAME - len(ending) - 1].strip() or _("vedlegg")
    return f"{stem}.{ending.strip().lower()}"


def judge(upload: Upload) -> Document:
    """The file as it may be kept.

    Raises:
        Refused: it is empty or too large, of a kind that is not taken, or not of the kind that its name says.
    """
    if not upload.content:
        raise Refused(_("Filen er tom. Velg en annen fil."), field=FIELD)
    if len(upload.content) > DOCUMENT_BYTES:
        raise Refused(
            _("Filen er større enn 10 MB. Velg en mindre fil, eller oppgi saksnummeret i stedet."), field=FIELD
        )
    name = cleaned_name(upload.name)
    kind = KINDS.get(name.rsplit(".", 1)[-1])
    if kind is None:
        raise Refused(
            _("Filer av denne typen tas ikke imot. Lagre den som PDF. Vi tar %(kinds)s.") % {"kinds": TAKEN},
            field=FIELD,
        )
    if not _holds(kind, upload.content):
        raise Refused(
            _("Innholdet i filen er ikke det navnet «%(name)s» sier. Lagre den på nytt, helst som PDF.")
            % {"name": name},
            field=FIELD,
        )
    return Document(name, kind.content_type, upload.content)


def _holds(kind: Kind, content: bytes) -> bool:
    try:
        return kind.holds(content)
    except puremagic.PureError:  # of no kind it knows
        return False
