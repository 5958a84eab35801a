"""Is all that Puljeplan needs there and as it should be? Each check tells what it found and what to do; none repairs.

`examine` runs them all; one that breaks down is a finding too, and no secret stands in what is told.
"""

from collections.abc import Callable, Iterator

from django.utils.translation import gettext as _

from rollout.management.doctor import around, data
from rollout.management.doctor.findings import WRONG, Finding, describe, wrong

__all__ = ["WRONG", "Finding", "examine"]

Check = Callable[[], Iterator[Finding]]


def examine(*, mail_to: str = "") -> Iterator[Finding]:
    """Every check's findings, in their order. `mail_to`: an address that gets a test mail."""
    checks: list[tuple[str, Check, bool]] = [
        (_("innstillinger"), around.settings_are_sound, False),
        (_("statiske filer"), around.static_files, False),
        (_("database"), data.database, False),
        (_("migreringer"), data.migrations, True),
        (_("rettigheter"), data.grants, True),
        (_("klokke"), data.clocks, True),
        (_("kø"), around.broker, False),
        (_("mellomlager"), around.cache_works, False),
        (_("beat"), around.beat, False),
        (_("worker"), around.worker, False),
        (_("e-postserver"), lambda: around.mail_server(mail_to), False),
        (_("e-post"), data.mail, True),
    ]
    database_answers = True
    for about, check, needs_database in checks:
        if needs_database and not database_answers:
            continue
        for finding in _told(about, check):
            if check is data.database and finding.level == WRONG:
                database_answers = False
            yield finding.hidden()


def _told(about: str, check: Check) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as error:  # whatever it is, it is what is to be told
        yield wrong(about, describe(error), _("Se feilen over, og prøv igjen."))
