"""What a lead changes about an agency, beside its page: profile, people, and whether it takes part."""

import json
from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agencies.access import Request
from agencies.models import Agency, Role
from rollout import clock
from rollout.domain import inviting, leaving, profiles
from rollout.forms import refusals_at
from rollout.forms.agency import InviteForm, ProfileForm, RejoinForm, WithdrawForm
from rollout.models import Placement, PlacementStatus, Rollout
from rollout.permissions import Do, may
from rollout.views.asking import ask, leave, posted
from rollout.views.context import rollout_of


def agency_address(rollout: Rollout, agency: Agency) -> str:
    """The agency's page, which shows the active rollout's plan; another rollout's plan is a page of its own."""
    if rollout.is_active:
        return reverse("agencies:agency", args=[agency.slug])
    return reverse("rollout:agency-plan", args=[rollout.slug, agency.slug])


def _words(rollout: Rollout, agency: Agency, heading: str, **words) -> dict[str, Any]:
    return {
        "rollout": rollout,
        "agency": agency,
        "back": agency_address(rollout, agency),
        "back_label": agency.name,
        "heading": heading,
    } | words


# -- its figures and words -------------------------------------------------------------------------------------------


@may(Do.EDIT_AGENCY, agency="agency")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, slug: str, agency: str) -> HttpResponse:
    """The agency's profile. What others changed meanwhile stays; where it is the same field, one is asked."""
    rollout, edited = rollout_of(request, slug), get_object_or_404(Agency, slug=agency)
    words = _words(rollout, edited, _("Rediger %(agency)s") % {"agency": edited}, template="rollout/agency_edit.html")
    if rollout.placements.filter(agency=edited, employees_at_opening__isnull=False).exists():
        words["warnings"] = [
            _("Puljen er åpnet, så antallet medarbeidere der er frosset. Et nytt antall endrer ikke puljen.")
        ]
    stands = _profile(edited)
    form = ProfileForm(posted(request), initial=stands | {"shown": stands})
    if form.is_valid():
        fields = dict(form.cleaned_data)
        shown = fields.pop("shown")
        with refusals_at(form):
            changed = profiles.edit(
                rollout=rollout, agency=edited, fields=fields, seen=shown, by=request.user, now=clock.now()
            )
            edited.refresh_from_db()
            said = _("%(agency)s er lagret.") if changed else _("Ingenting var endret for %(agency)s.")
            return leave(request, agency_address(rollout, edited), said % {"agency": edited}, event=changed)
        _show_what_stands(form, edited, typed=fields, shown=shown)
    return ask(request, form, **words)


def _profile(agency: Agency) -> dict[str, Any]:
    return {name: getattr(agency, name) for name in profiles.EDITABLE}


def _show_what_stands(form: ProfileForm, agency: Agency, *, typed: dict[str, Any], shown: dict[str, Any]) -> None:
    """What was typed stays, what was not touched is shown as it stands now, and the next press is for that."""
    agency.refresh_from_db()
    now_stands = _profile(agency)
    untouched = {
        name: "" if now_stands[name] is None else now_stands[name]
        for name in profiles.EDITABLE
        if typed[name] == shown[name]
    }
    form.data = dict(form.data.items()) | untouched | {"shown": json.dumps(now_stands)}


# -- its people ------------------------------------------------------------------------------------------------------


@may(Do.EDIT_AGENCY, agency="agency")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: Request, slug: str, agency: str) -> HttpResponse:
    """Give somebody a role at the agency."""
    rollout, where = rollout_of(request, slug), get_object_or_404(Agency, slug=agency)
    words = _words(
        rollout,
        where,
        _("Inviter til %(agency)s") % {"agency": where},
        button=_("Inviter"),
        intro=[_("Den som inviteres, kan logge inn med en gang, og får en e-post om det.")],
    )
    form = InviteForm(posted(request))
    if form.is_valid():
        with refusals_at(form):
            role = inviting.invite(agency=where, by=request.user, now=clock.now(), **form.cleaned_data)
            said = _("%(who)s er nå %(role)s i %(agency)s.")
            said %= {"who": role.person, "role": role.get_role_display(), "agency": where}
            return leave(request, words["back"], said)
    return ask(request, form, **words)


@may(Do.EDIT_AGENCY, agency="agency")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def end_role(request: Request, slug: str, agency: str, role: int) -> HttpResponse:
    """Take a role at the agency from the person who holds it, after asking."""
    rollout, where = rollout_of(request, slug), get_object_or_404(Agency, slug=agency)
    held = get_object_or_404(Role.objects.select_related("person"), pk=role, agency=where)
    about = {"who": held.person.email, "role": held.get_role_display(), "agency": where}
    words = _words(
        rollout,
        where,
        _("Avslutt rollen som %(role)s") % about,
        button=_("Avslutt rollen"),
        danger=True,
        intro=[
            _("%(who)s mister tilgangen som %(role)s i %(agency)s med en gang.") % about,
            _("Det personen har bekreftet og signert, står."),
            _("Du kan invitere samme person igjen senere."),
        ],
    )
    form = Form(posted(request))
    if form.is_valid():
        with refusals_at(form):
            inviting.end_role(role=held, by=request.user, now=clock.now())
            return leave(request, words["back"], _("%(who)s er ikke lenger %(role)s i %(agency)s.") % about)
    return ask(request, form, **words)


# -- whether it takes part -------------------------------------------------------------------------------------------


def _placement(request: Request, slug: str, agency: str) -> Placement:
    found = rollout_of(request, slug).placements.select_related("agency", "rollout", "wave")
    return get_object_or_404(found.exclude(status=PlacementStatus.PILOT), agency__slug=agency)


@may(Do.CHANGE_PLAN, agency="agency")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: Request, slug: str, agency: str) -> HttpResponse:
    """Take the agency out of queue or wave. The page says first what that means."""
    placement = _placement(request, slug, agency)
    form = WithdrawForm(posted(request), initial={"version": placement.version})
    if form.is_valid():
        wanted = form.cleaned_data
        with refusals_at(form):
            event = leaving.withdraw(
                placement=placement,
                reason=wanted["reason"],
                version_seen=wanted["version"],
                by=request.user,
                now=clock.now(),
            )
            said = _("%(agency)s er trukket fra utrullingen.") % {"agency": placement.agency}
            return leave(request, agency_address(placement.rollout, placement.agency), said, event=event)
        placement = _placement(request, slug, agency)
        form.data = dict(form.data.items()) | {"version": placement.version}
    words = _words(
        placement.rollout,
        placement.agency,
        _("Trekk %(agency)s fra utrullingen") % {"agency": placement.agency},
        button=_("Trekk virksomheten"),
        danger=True,
        intro=_what_withdrawing_means(placement),
        warnings=_go_is_lost(placement),
    )
    return ask(request, form, **words)


def _what_withdrawing_means(placement: Placement) -> list[str]:
    gives_up = (
        _("%(agency)s gir fra seg plassen i %(wave)s, så den blir ledig for andre.")
        if placement.wave
        else _("%(agency)s gir fra seg plassen i køen, og de som står bak, rykker fram.")
    )
    return [
        gives_up % {"agency": placement.agency, "wave": placement.wave},
        _("Lisensene virksomheten har finansiert, røres ikke."),
        _("Det som er gjort i løpet, spares. Blir virksomheten med igjen, stiller den bakerst i køen."),
    ]


def _go_is_lost(placement: Placement) -> list[str]:
    if placement.wave is None:
        return []
    if not (placement.wave.is_planned and placement.wave.has_go):
        return []
    return [_("%(wave)s har klarsignal. Det faller bort når virksomheten trekkes.") % {"wave": placement.wave}]


@may(Do.CHANGE_PLAN, agency="agency")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rejoin(request: Request, slug: str, agency: str) -> HttpResponse:
    """Take a withdrawn agency back, last in the queue."""
    placement = _placement(request, slug, agency)
    form = RejoinForm(posted(request))
    if form.is_valid():
        with refusals_at(form):
            event = leaving.rejoin(
                placement=placement, reason=form.cleaned_data["reason"], by=request.user, now=clock.now()
            )
            said = _("%(agency)s er med igjen og står bakerst i køen.") % {"agency": placement.agency}
            return leave(request, agency_address(placement.rollout, placement.agency), said, event=event)
    words = _words(
        placement.rollout,
        placement.agency,
        _("Ta %(agency)s med igjen") % {"agency": placement.agency},
        button=_("Ta med igjen"),
        intro=[
            _("Virksomheten stilles bakerst i køen. Løpet fortsetter der det stoppet, med de samme stegene som før.")
        ],
    )
    return ask(request, form, **words)
