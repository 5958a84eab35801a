"""Small files of the kinds people attach, and of the kinds nobody should be handed."""

import io
import zipfile

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0"
JPG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xd9"
EXE = b"MZ\x90\0\3\0\0\0" + b"\0" * 300 + b"%PDF-1.4 %%EOF\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


def packed(*parts: tuple[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return file.getvalue()


def docx(*more: tuple[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    return packed(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:document/>"), *more, packing=packing)


def xlsx() -> bytes:
    return packed(("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>"))


def odt() -> bytes:
    return packed(("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"<office/>"))


def docx_bomb() -> bytes:
    """Some hundred kilobytes that say they unfold to more than any document does."""
    return docx(*[(f"word/media/{n}.bin", b"\0" * 30_000_000) for n in range(4)])
