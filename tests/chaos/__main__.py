"""`make chaos`: everything goes wrong at once, and at the end each message was sent once.

`python -m tests.chaos [MESSAGES] [CUTS]`: 5 000 messages through the storm (`storm`), then 20 workers cut down at each
named point (`points`). PostgreSQL (with its data safe on disk), Valkey and Celery are the real ones; the SMTP server
counts what it takes. Counts are printed, the last line is "N passed, N failed"; ends with 1 if anything failed.
"""

import os
import sys
import tempfile
from pathlib import Path

from rollout import embedded

MESSAGES, CUTS = 5_000, 20


def main(messages: int, cuts: int) -> int:
    # Not in the project's folder: other people's demos and tests have servers of their own there.
    with tempfile.TemporaryDirectory(prefix="puljeplan-chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        servers = embedded.join_or_start(folder)
        try:
            from tests.chaos.server import Unruly, serving

            with serving(Unruly()) as book:
                os.environ |= {
                    "DATABASE_URL": servers.database_url,
                    "REDIS_URL": servers.redis_url,
                    "EMAIL_URL": f"smtp://127.0.0.1:{book.port}",
                    "SECRET_KEY": servers.secret_key,
                    "COMMITMENT_KEY": "none is made here",
                    "DJANGO_SETTINGS_MODULE": "rollout.settings",
                    "LOG_LEVEL": "CRITICAL",
                }
                return _run(folder, book, messages, cuts)
        finally:
            embedded.stop(folder)


def _run(folder: Path, book, messages: int, cuts: int) -> int:
    import logging

    import django

    django.setup()
    logging.disable(logging.CRITICAL)  # what goes wrong here is the point
    from django.core.management import call_command

    from tests.chaos import storm
    from tests.chaos.cuts import run as cut

    call_command("migrate", verbosity=0)
    passed = failed = 0

    def tell(name: str, wrong: list[str], counts: dict[str, object]) -> None:
        nonlocal passed, failed
        passed, failed = passed + (not wrong), failed + bool(wrong)
        print("ok  " if not wrong else "FAIL", name, "; ".join(f"{what}: {n}" for what, n in counts.items()))  # noqa: T201
        for sentence in wrong[:20]:
            print("     ", sentence)  # noqa: T201
        sys.stdout.flush()

    book.plan = storm.plan(messages)
    tell("storm", *storm.run(folder, book, messages))
    for name, wrong, counts in cut(book, cuts):
        tell(name, wrong, counts)
    print(f"{passed} passed, {failed} failed")  # noqa: T201
    return failed > 0


if __name__ == "__main__":
    told = [int(argument) for argument in sys.argv[1:]]
    sys.exit(main(*told, *(MESSAGES, CUTS)[len(told) :]))
