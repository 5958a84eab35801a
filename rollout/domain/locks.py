"""The lock order, written once: rollout, waves by id, placements by id, budget, pool.

Every change to a plan first locks its rollout's row, so changes to one plan come one after the other and no two verbs
can wait for each other. The constraints hold without it; the lock makes the loser hear a sentence instead of an error.
Must be called inside a transaction.
"""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext as _

from rollout.domain import rows
from rollout.domain.refusals import Refused
from rollout.models import Placement, Rollout, Wave

_WAVE = f"SELECT {rows.columns(Wave, 'w')} FROM rollout_wave w WHERE w.id = %s AND w.removed_at IS NULL"  # noqa: S608


def lock_plan(rollout_id: int) -> Rollout:
    """Lock the rollout's row until the transaction ends and return it as it is now."""
    # NO KEY: rows that merely refer to the rollout (events, mail) may still be written by others.
    return Rollout.objects.select_for_update(no_key=True).get(pk=rollout_id)


def hold_plan(rollout_id: int) -> None:
    """Lock the rollout's row as `lock_plan` does, for who does not need to read it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM rollout_rollout WHERE id = %s FOR NO KEY UPDATE", [rollout_id])


def lock_rollouts() -> None:
    """Lock every rollout's row, in their order: for what is true of them together."""
    list(Rollout.objects.select_for_update(no_key=True).order_by("pk"))


def lock_plans(rollout_ids: Iterable[int]) -> dict[int, Rollout]:
    """Lock several rollouts' rows, by id, so that two who want the same never wait for each other."""
    return {rollout_id: lock_plan(rollout_id) for rollout_id in sorted(set(rollout_ids))}


def lock_wave(wave_id: int) -> Wave:
    """Lock one wave after its rollout, and return it as it is now.

    Raises:
        Refused: its making was undone meanwhile.
    """
    wave = Wave.objects.select_for_update(no_key=True, of=("self",)).select_related("rollout").filter(pk=wave_id)
    return _there(wave.first())


def wave_now(wave_id: int) -> Wave:
    """The wave as it is now, for a verb that holds the plan's lock. Raises Refused as `lock_wave`."""
    return _there(next((wave for (wave,) in rows.read(_WAVE, [wave_id], Wave)), None))


def _there(wave: Wave | None) -> Wave:
    if wave is None:
        raise Refused(_("Puljen er tatt bort igjen. Se på tavlen slik den er nå."))
    return wave


def lock_placement(placement_id: int) -> Placement:
    """Lock the plan the placement belongs to, then the placement, and return it as it is now."""
    rollout_id = Placement.objects.values_list("rollout_id", flat=True).get(pk=placement_id)
    lock_plan(rollout_id)
    return (
        Placement.objects.select_for_update(no_key=True, of=("self",))
        .select_related("rollout", "agency", "wave", "deferral_wave")
        .get(pk=placement_id)
    )


def lock_table(model: type[Model]) -> None:
    """Let one transaction at a time write to the table; readers go on. For "is there none yet?" before adding one."""
    with connection.cursor() as cursor:
        cursor.execute(f'LOCK TABLE "{model._meta.db_table}" IN SHARE ROW EXCLUSIVE MODE')
