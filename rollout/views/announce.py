"""What the plan says now and people have not been told: who would hear what, and the press that does it (rule 10)."""

import datetime as dt
from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agencies.access import Request
from rollout import clock, emails
from rollout.domain import announcing
from rollout.domain.refusals import Refused
from rollout.domain.words import long_date
from rollout.emails.announcing import Gathered
from rollout.forms.mail import AnnounceForm
from rollout.models import Rollout
from rollout.permissions import Do, can, may
from rollout.views.asking import leave
from rollout.views.context import rollout_of


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def announce(request: Request, slug: str) -> HttpResponse:
    """Each who would be told, with what they were told last and what holds now; one press tells them all."""
    rollout, now = rollout_of(request, slug), clock.now()
    if request.method != "POST":
        return _page(request, rollout, AnnounceForm(), now=now)
    form = AnnounceForm(request.POST)
    if not form.is_valid():
        return _page(request, rollout, form, now=now, status=422)
    try:
        event = announcing.announce(rollout=rollout, by=request.user, now=now, **form.cleaned_data)
    except Refused as refused:
        return _page(request, rollout, form, now=now, status=409, refusal=str(refused))
    said = ngettext(
        "Kunngjort: én melding er skrevet, og sendes om litt.",
        "Kunngjort: %(n)s meldinger er skrevet, én til hver, og sendes om litt.",
        event.after["people"],
    ) % {"n": event.after["people"]}
    if until := event.after.get("not_before"):
        day = long_date(dt.datetime.fromisoformat(until).date())
        said = _("Kunngjort. Ingenting haster, så meldingene sendes %(day)s klokken 8.") % {"day": day}
    return leave(request, reverse("rollout:announce", args=[rollout.slug]), said)


def _page(
    request: Request, rollout: Rollout, form: AnnounceForm, *, now: dt.datetime, status: int = 200, refusal: str = ""
) -> HttpResponse:
    found = emails.announcing.gathered(rollout)
    context = {
        "rollout": rollout,
        "found": found,
        "rows": [(notice.person, change) for notice in found.notices for change in notice.changes],
        "form": form,
        "refusal": refusal,
        "example": _example(rollout, found, now=now),
    }
    return render(request, "rollout/announce.html", context, status=status)


def _example(rollout: Rollout, found: Gathered, *, now: dt.datetime) -> emails.Draft | None:
    """The message to whom it says most."""
    if not found.notices:
        return None
    longest = max(found.notices, key=lambda notice: len(notice.changes))
    return emails.announcing.drafts(rollout, replace(found, notices=[longest]), note="", now=now)[0]


def gathered_for(request: Request, rollout: Rollout) -> Gathered:
    """What this person may announce: for others than leads, nothing."""
    if can(request, Do.CHANGE_PLAN):
        return emails.announcing.gathered(rollout)
    return Gathered(notices=[], mark="")


def sentence(people: int) -> str:
    """How many have been told otherwise than the plan; empty where nobody has."""
    if not people:
        return ""
    return ngettext(
        "%(n)s person har fått vite noe annet enn det planen sier nå.",
        "%(n)s personer har fått vite noe annet enn det planen sier nå.",
        people,
    ) % {"n": people}


def untold(request: Request, rollout: Rollout) -> str:
    """The sentence, for those who may announce."""
    return sentence(emails.announcing.people_to_tell(rollout)) if can(request, Do.CHANGE_PLAN) else ""
