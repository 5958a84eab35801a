"""Uploaded files: kept in memory up to the limit of a list, never on disk, and not a byte longer."""

import io

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from agencies.list_files import MAX_BYTES


class UpToTheLimit(FileUploadHandler):
    """Keeps one byte more than the limit, so that the reader can say that the file is too large, and drops the rest."""

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self.kept = io.BytesIO()

    def receive_data_chunk(self, raw_data, start):
        self.kept.write(raw_data[: MAX_BYTES + 1 - self.kept.tell()])

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
