"""Several agencies moved together: all or none, one event each, one undo (rules 1, 2 and 9)."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from agencies.access import Request
from rollout import clock
from rollout.domain import effects, glance, together
from rollout.domain.refusals import Refused
from rollout.forms.board import MoveManyForm
from rollout.models import CAPACITY, Placement, PlanEvent, Rollout, Wave
from rollout.permissions import Do, may
from rollout.views.board_data import board
from rollout.views.board_pieces import pieces, shown_version
from rollout.views.board_places import column_key, destinations, wave_of
from rollout.views.context import rollout_of


def read_chosen(values: Iterable[str]) -> dict[str, int | None]:
    """`["kli:3", "vav"]` -> `{"kli": 3, "vav": None}`: slugs, with the version of the card that was ticked.

    A NUL, which no text of the database holds, is left out.
    """
    chosen: dict[str, int | None] = {}
    for value in values:
        slug, _colon, version = value.replace("\0", "").partition(":")
        chosen[slug] = int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else None
    return chosen


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def move_many(request: Request, slug: str) -> HttpResponse:
    """Move the agencies ticked: GET shows them, where they may go and what it does; POST moves them.

    A POST with `look` only shows the effect: how it is seen before it is done without JavaScript.
    """
    rollout = rollout_of(request, slug)
    sent = request.POST if request.method == "POST" else request.GET
    chosen = read_chosen(sent.getlist("agency"))
    placements = _placements(rollout, chosen)
    # A card without a version is taken as it is now: the page shows where it stands.
    now_at = {placement.agency.slug: placement.version for placement in placements}
    versions = {slug: now_at.get(slug) if version is None else version for slug, version in chosen.items()}
    if request.method != "POST" or "look" in request.POST or not placements:
        form = MoveManyForm(initial=sent.dict(), destinations=destinations(glance.waves(rollout)))
        return _page(request, rollout, placements, versions, form, to=sent.get("to", ""))
    form = MoveManyForm(request.POST, destinations=destinations(glance.waves(rollout)))
    if not form.is_valid():
        return _page(request, rollout, placements, versions, form, status=422)
    to, reason = form.cleaned_data["to"], form.cleaned_data["reason"]
    try:
        events = together.move_many(
            rollout=rollout,
            versions=versions,
            to=wave_of(rollout, to),
            by=request.user,
            now=clock.now(),
            seen=shown_version(request),
            reason=reason,
        )
    except Refused as refused:
        return _refused(request, rollout, placements, form, refused.reasons)
    return _moved(request, rollout, placements, events, to)


def _placements(rollout: Rollout, slugs: Iterable[str]) -> list[Placement]:
    found = rollout.placements.in_plan().filter(agency__slug__in=list(slugs))
    found = found.select_related("agency", "rollout", "licence_budget", "wave")
    return list(found.order_by("wave__number", "slot", "queue_position"))


def _page(
    request: Request,
    rollout: Rollout,
    placements: list[Placement],
    versions: dict[str, int | None],
    form: MoveManyForm,
    *,
    to: str = "",
    refused: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    known = to in _keys(form)
    effect = None
    if known and placements:
        waves = Wave.objects.with_latest_decision().filter(rollout=rollout)
        for placement in placements:
            placement.wave = next((wave for wave in waves if wave.pk == placement.wave_id), None)
        target = next((wave for wave in waves if str(wave.number) == to), None)
        effect = effects.of_move(rollout=rollout, placements=placements, to=target, now=clock.now())
    context = {
        "rollout": rollout,
        "placements": placements,
        "people": sum(placement.headcount for placement in placements),
        "seen": [f"{placement.agency.slug}:{versions[placement.agency.slug]}" for placement in placements],
        "form": form,
        "effect": effect,
        "refused": refused,
        "capacity": CAPACITY,
        "in_dialog": bool(request.htmx),
    }
    part = "" if not request.htmx else "#effect" if request.htmx.target == "many-effect" else "#form"
    return render(request, f"rollout/board/move_many.html{part}", context, status=status)


def _keys(form: MoveManyForm) -> set[str]:
    """Every column that can be chosen, out of their groups."""
    choices = form.fields["to"].choices  # type: ignore[attr-defined]
    return {key for value, label in choices for key in ([k for k, _n in label] if isinstance(label, list) else [value])}


def _refused(
    request: Request, rollout: Rollout, placements: list[Placement], form: MoveManyForm, reasons: list[str]
) -> HttpResponse:
    """The form again, nothing lost, with every reason; the agencies as they stand now, so that one may try again."""
    placements = _placements(rollout, [placement.agency.slug for placement in placements])
    versions: dict[str, int | None] = {placement.agency.slug: placement.version for placement in placements}
    to = form.cleaned_data["to"]
    return _page(request, rollout, placements, versions, form, to=to, refused=reasons, status=409)


def _moved(
    request: Request, rollout: Rollout, placements: list[Placement], events: list[PlanEvent], to: str
) -> HttpResponse:
    said = _said(events, str(wave_of(rollout, to) or _("køen")))
    undo = reverse("rollout:undo", args=[rollout.slug, events[0].change]) if events else ""
    if not request.htmx:
        messages.success(request, said, extra_tags=undo)
        return redirect(f"{reverse('rollout:board', args=[rollout.slug])}#column-{to}")
    response = pieces(
        request,
        rollout,
        board(rollout, now=clock.now()),
        say={"text": said, "kind": "ok", "undo": undo},
        columns={to} | {column_key(placement) for placement in placements},
        agency=placements[0].agency.slug,
    )
    return trigger_client_event(response, "moved-together", {}, after="settle")


def _said(events: list[PlanEvent], place: str) -> str:
    if not events:
        return _("De står alt i %(place)s. Ingenting er flyttet.") % {"place": place}
    return ngettext(
        "%(n)s virksomhet er flyttet til %(place)s.", "%(n)s virksomheter er flyttet til %(place)s.", len(events)
    ) % {"n": len(events), "place": place}
