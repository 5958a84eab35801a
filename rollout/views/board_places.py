"""Places on the board, between addresses and rows: the keys of columns, where one may go, who stands beside whom."""

from collections.abc import Iterable

from django.http import Http404
from django.utils.translation import gettext as _

from agencies.models import Agency
from rollout.domain import rows
from rollout.domain.rows import columns
from rollout.models import CAPACITY, Placement, Rollout, Wave
from rollout.views.board_data import QUEUE

_PLACEMENT = f"""
SELECT {columns(Placement, "p")}, {columns(Agency, "a")}
FROM rollout_placement p JOIN agencies_agency a ON a.id = p.agency_id
WHERE p.rollout_id = %s AND a.slug = %s
"""  # noqa: S608 (the names of our own columns)


def placement_of(rollout: Rollout, agency: str) -> Placement:
    """The agency's placement with all that a move asks of it; 404 if it takes no part."""
    found = rows.read(_PLACEMENT, [rollout.pk, agency], Placement, Agency)
    if not found:
        raise Http404
    placement, placement.agency = found[0]
    placement.rollout = rollout
    return placement


def wave_of(rollout: Rollout, key: str) -> Wave | None:
    return None if key == QUEUE else rollout.waves.get(number=key)


def column_key(placement: Placement) -> str:
    return str(placement.wave.number) if placement.wave else QUEUE


def position(rollout: Rollout, placement: Placement, wanted: dict) -> int | None:
    """The place that was asked for: by number, or beside the neighbours a card was dropped between."""
    to = wanted["to"]
    if place := wanted["position" if to == QUEUE else "place"]:
        return place
    if not (wanted["before"] or wanted["after"]):
        return None
    others = [slug for slug, _name in others_in(rollout, placement, to)]
    if wanted["before"] in others:
        return others.index(wanted["before"]) + 1
    if wanted["after"] in others:
        return others.index(wanted["after"]) + 2
    return None


def others_in(rollout: Rollout, placement: Placement, to: str) -> list[tuple[str, str]]:
    """Slug and name of those who stand in the queue or the wave, in order, without the one moved."""
    standing = rollout.placements.queued() if to == QUEUE else rollout.placements.placed().filter(wave__number=to)
    return list(standing.exclude(pk=placement.pk).values_list("agency__slug", "agency__name"))


def destinations(waves: Iterable[Wave], *, here: str = "") -> list:
    """Where agencies may be asked to go, in groups. The verb says what it may do.

    `waves`: the plan's, as `glance.waves` gives them.

    `here` is the column that the one moved stands in: there only its place can be changed.
    """
    groups: dict[str, list[tuple[str, str]]] = {
        _("Står her nå"): [],
        _("Ledig plass"): [],
        _("Full"): [],
        _("Åpnet"): [],
    }
    standing, free, full, opened = groups.values()
    for wave in waves:
        group = free if wave.places_taken < CAPACITY else full
        group = group if wave.is_planned else opened
        group = standing if str(wave.number) == here else group
        group.append((str(wave.number), str(wave)))
    return [(QUEUE, _("Kø")), *(group for group in groups.items() if group[1])]
