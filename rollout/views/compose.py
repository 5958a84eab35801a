"""*Foreslå puljer*: what the lead weighs, how far the search has come, and what it found."""

import logging
from typing import Any

from celery import current_app
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from kombu.exceptions import OperationalError

from agencies.access import Request
from rollout import clock
from rollout.domain import composition_words, compositions
from rollout.domain.composing.question import AIMS, Weights
from rollout.domain.refusals import Refused
from rollout.forms import refusals_at
from rollout.forms.compose import ComposeForm
from rollout.models import Composition, CompositionState, Rollout, Wave
from rollout.permissions import Do, may
from rollout.views.asking import http_status, posted
from rollout.views.context import rollout_of

log = logging.getLogger(__name__)
TASK = "rollout.tasks.compose"


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: Request, slug: str) -> HttpResponse:
    """The form, and the latest proposal. While one is searched for, HTMX asks for that part again and again."""
    rollout = rollout_of(request, slug)
    latest = compositions.latest(rollout)
    if request.htmx and request.method != "POST":
        return render(request, "rollout/compose.html#composition", _told(rollout, latest))
    waves = compositions.open_waves(rollout, now=clock.now())
    form = ComposeForm(posted(request), waves=waves, initial=_initial(latest, waves))
    if form.is_valid():
        with refusals_at(form):
            _ask(request, rollout, form)
            return redirect("rollout:compose", slug=rollout.slug)
    context = {"form": form, "waves": waves} | _told(rollout, latest)
    return render(request, "rollout/compose.html", context, status=http_status(form))


def _initial(latest: Composition | None, waves: list[Wave]) -> dict[str, Any]:
    """What was asked for last, else what weighs by itself; the first wave is the pilot."""
    if latest is not None:
        wishes = compositions.Wishes.read(latest.wishes)
        return {**wishes.weights, "pilots": wishes.pilots, "rushed": wishes.rushed, "everyone": wishes.everyone}
    usual = {name: getattr(Weights(), name) for name in AIMS}
    return usual | {"pilots": [wave.number for wave in waves[:1]]}


def _ask(request: Request, rollout: Rollout, form: ComposeForm) -> None:
    chosen = form.cleaned_data
    wishes = compositions.Wishes(
        weights={name: chosen[name] for name in AIMS},
        pilots=tuple(chosen["pilots"]),
        rushed=tuple(chosen["rushed"]),
        everyone=chosen["everyone"],
    )
    asked = compositions.ask(rollout=rollout, wishes=wishes, by=request.user, now=clock.now())
    try:
        current_app.send_task(TASK, kwargs={"composition": asked.pk})
    except (OperationalError, OSError):
        log.exception("The composition could not be handed to a worker")
        compositions.fail(composition=asked, now=clock.now(), code="unsent")


@may(Do.CHANGE_PLAN)
@require_POST
def cancel(request: Request, slug: str, pk: int) -> HttpResponse:
    """Stop the search."""
    composition = get_object_or_404(Composition, rollout=rollout_of(request, slug), pk=pk)
    try:
        compositions.cancel(composition=composition, now=clock.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Utregningen er avbrutt. Planen er som før."))
    return redirect("rollout:compose", slug=slug)


def _told(rollout: Rollout, latest: Composition | None) -> dict[str, Any]:
    """The latest proposal in words."""
    context: dict[str, Any] = {"rollout": rollout, "composition": latest}
    if latest is None:
        return context
    lost = compositions.is_lost(latest)
    context |= {"is_lost": lost, "is_going": latest.is_under_way and not lost}
    if latest.best is not None:
        context |= {"best": composition_words.shown(latest.best), "bound": composition_words.shown(latest.bound or 0)}
    if lost or latest.state == CompositionState.FAILED:
        context["failed"] = composition_words.FAILED[latest.findings.get("failed", "lost")]
    elif latest.state in (CompositionState.DONE, CompositionState.INFEASIBLE):
        names = dict(rollout.placements.values_list("agency__slug", "agency__name"))
        findings = latest.findings
        context |= {
            "findings": findings,
            "clash": composition_words.clash_sentences(findings, names),
            "relax": composition_words.relax_sentences(findings, names),
        }
        if latest.state == CompositionState.DONE:
            context |= {
                "gap": composition_words.gap_sentence(findings),
                "aims": composition_words.aim_lines(findings),
                "total": composition_words.shown(findings["objective"]),
                "today_total": composition_words.shown(sum(aim["points"] for aim in findings["today"])),
                "today_sentence": composition_words.today_sentence(findings),
                "moves": _sentences(findings, names, by_turn=False),
                "by_turn": _sentences(findings, names, by_turn=True),
                "waves_found": composition_words.wave_lines(findings),
            }
    return context


def _sentences(findings: dict[str, Any], names: dict[str, str], *, by_turn: bool) -> list[str]:
    """Why each stands where it does, wave by wave: those who got their turn, or the others."""
    told = [move for move in findings["moves"] if (move["code"] == "turn") == by_turn]
    told.sort(key=lambda move: (move["after"] is None, move["after"] or 0))
    return [composition_words.move_sentence(move, names) for move in told]
