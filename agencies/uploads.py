"""Uploaded files: kept in memory up to the limit of their kind, never on disk, and not a byte longer."""

import io

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from agencies.list_files import MAX_BYTES

#: The most bytes of a file sent as `document`: what shows that a step is done. Any other is a list.
DOCUMENT_BYTES = 10 * 1024 * 1024
LIMITS = {"document": DOCUMENT_BYTES}


class UpToTheLimit(FileUploadHandler):
    """Keeps one byte more than the limit, so that the reader can say that the file is too large, and drops the rest."""

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self.kept = io.BytesIO()
        self.limit = LIMITS.get(self.field_name, MAX_BYTES)

    def receive_data_chunk(self, raw_data, start):
        self.kept.write(raw_data[: self.limit + 1 - self.kept.tell()])

    def file_complete(self, file_size):
        size = self.kept.tell()
        self.kept.seek(0)
        return InMemoryUploadedFile(
            file=self.kept,
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=size,
            charset=self.charset,
        )
