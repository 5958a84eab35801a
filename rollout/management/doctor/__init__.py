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
    #: With what each of them needs: where that is wrong, there is no use in asking.
    checks: list[tuple[str, Check, Check | None]] = [
        (_("innstillinger"), around.settings_are_sound, None),
        (_("statiske filer"), around.static_files, None),
        (_("database"), data.database, None),
        (_("migreringer"), data.migrations, data.database),
        (_("rettigheter"), data.grants, data.migrations),
        (_("klokke"), data.clocks, data.migrations),
        (_("kø"), around.broker, None),
        (_("mellomlager"), around.cache_works, None),
        (_("beat"), around.beat, around.cache_works),
        (_("worker"), around.worker, around.broker),
        (_("e-postserver"), lambda: around.mail_server(mail_to), None),
        (_("e-post"), data.mail, data.migrations),
    ]
    spoiled: set[Check] = set()
    for about, check, needs in checks:
        if needs in spoiled:
            spoiled.add(check)
            continue
        for finding in _told(about, check):
            if finding.level == WRONG:
                spoiled.add(check)
            yield finding.hidden()


def _told(about: str, check: Check) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as error:  # whatever it is, it is what is to be told
        yield wrong(about, describe(error), _("Se feilen over, og prøv igjen."))
