"""How much of an uploaded file is kept in memory: up to its kind's limit and one byte, whatever is sent."""

import pytest

from agencies.list_files import MAX_BYTES
from agencies.uploads import DOCUMENT_BYTES, UpToTheLimit


@pytest.mark.parametrize(("field", "limit"), [("document", DOCUMENT_BYTES), ("file", MAX_BYTES), ("other", MAX_BYTES)])
def test_what_is_too_large_is_kept_to_one_byte_past_the_limit(field, limit):
    handler = UpToTheLimit()
    handler.new_file(field, "stor.pdf", "application/pdf", None)
    for _chunk in range(limit // 1_000_000 + 3):
        handler.receive_data_chunk(b"x" * 1_000_000, 0)
    kept = handler.file_complete(99)
    assert kept.size == limit + 1
