"""Going back to an older schema: what it has no room for is said before anything is undone."""

from typing import Any

from django.core.management import CommandError
from django.db import connections
from django.utils.translation import gettext as _

#: Since then a wave can be taken away, and its number be another's: before it each number is one row's.
WAVES_CAN_GO = ("rollout", "0013_scenarios")
_USED_AGAIN = """
SELECT r.slug, w.number FROM rollout_wave w JOIN rollout_rollout r ON r.id = w.rollout_id
GROUP BY r.slug, w.number HAVING count(*) > 1 ORDER BY r.slug, w.number
"""


def refuse_lost_numbers(*, plan: list[tuple[Any, bool]], using: str, **_signal: Any) -> None:
    """Before `migrate` runs its `plan`: the steps back are a transaction each, and the first of them lose whole tables.

    Raises:
        CommandError: the plan leads back past `WAVES_CAN_GO`, and a number has been used again.
    """
    if not any(backwards and (step.app_label, step.name) == WAVES_CAN_GO for step, backwards in plan):
        return
    with connections[using].cursor() as cursor:
        cursor.execute(_USED_AGAIN)
        found = cursor.fetchall()
    if found:
        said = _("%(rollout)s: pulje %(number)s er tatt bort, og nummeret er brukt på nytt.")
        sentences = [said % {"rollout": slug, "number": number} for slug, number in found]
        sentences.append(_("Et eldre skjema har ikke plass til begge, så ingenting er endret."))
        sentences.append(_("Gå tilbake ved å gjenopprette en sikkerhetskopi fra før oppgraderingen."))
        raise CommandError(" ".join(sentences))
