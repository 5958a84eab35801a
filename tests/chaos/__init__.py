"""Everything goes wrong at once, and at the end each message was sent once: see `tests.chaos.__main__`."""
