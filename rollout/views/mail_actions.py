"""What a lead does about the mail: hold it all, let it go, send a message again, correct an address."""

from typing import Any, cast

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agencies.access import Request
from agencies.models import Agency, Person
from rollout import clock
from rollout.domain import addressing, holding, resending
from rollout.domain.refusals import Refused
from rollout.domain.words import thousands
from rollout.forms import refusals_at
from rollout.forms.mail import AddressForm, ReasonForm
from rollout.models import EmailState, Rollout
from rollout.permissions import Do, may
from rollout.views.agency_edit import agency_address
from rollout.views.asking import ask, leave, posted
from rollout.views.context import rollout_of


def _words(rollout: Rollout, heading: str, **words: Any) -> dict[str, Any]:
    back = {"back": reverse("rollout:mail", args=[rollout.slug]), "back_label": _("E-post")}
    return {"rollout": rollout, "heading": heading} | back | words


@may(Do.MANAGE_MAIL)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hold(request: Request, slug: str) -> HttpResponse:
    """Hold all mail of the rollout."""
    rollout = rollout_of(request, slug)
    words = _words(
        rollout,
        _("Hold tilbake all e-post"),
        button=_("Hold tilbake"),
        intro=[_("Ingen meldinger sendes før e-posten slippes igjen. De skrives som før, og venter.")],
    )
    form = ReasonForm(posted(request))
    if form.is_valid():
        with refusals_at(form):
            holding.hold(rollout=rollout, by=request.user, now=clock.now(), **form.cleaned_data)
            return leave(request, words["back"], _("All e-post er holdt tilbake."))
    return ask(request, form, **words)


@may(Do.MANAGE_MAIL)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def let_go(request: Request, slug: str) -> HttpResponse:
    """Let the mail go, after telling how much waits."""
    rollout = rollout_of(request, slug)
    waiting = rollout.emails.filter(state=EmailState.WAITING).count()
    intro = [
        ngettext(
            "%(n)s melding venter, og sendes med en gang.", "%(n)s meldinger venter, og sendes med en gang.", waiting
        )
        % {"n": thousands(waiting)}
    ]
    words = _words(rollout, _("Slipp e-posten"), button=_("Slipp e-posten"), intro=intro)
    words["warnings"] = [why] if (why := holding.why_held(rollout)) else []
    form = Form(posted(request))
    if form.is_valid():
        with refusals_at(form):
            holding.let_go(rollout=rollout, by=request.user, now=clock.now())
            return leave(request, words["back"], _("E-posten er sluppet."))
    return ask(request, form, **words)


@may(Do.MANAGE_MAIL)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def resend(request: Request, slug: str, pk: int) -> HttpResponse:
    """Send one message again, with a reason."""
    rollout = rollout_of(request, slug)
    message = get_object_or_404(rollout.emails.select_related("person"), pk=pk)
    words = _words(
        rollout,
        _("Send på nytt"),
        button=_("Send på nytt"),
        back=reverse("rollout:mail-message", args=[rollout.slug, pk]),
        back_label=message.headline,
        intro=[_("En ny melding skrives til %(email)s. Den gamle står som den er.") % {"email": message.person.email}],
    )
    form = ReasonForm(posted(request))
    if form.is_valid():
        with refusals_at(form):
            again = resending.resend(message=message, by=request.user, now=clock.now(), **form.cleaned_data)
            address = reverse("rollout:mail-message", args=[rollout.slug, again.pk])
            return leave(request, address, _("Meldingen er skrevet på nytt, og sendes om litt."))
    return ask(request, form, **words)


# -- addresses -------------------------------------------------------------------------------------------------------


def _came_from(request: Request, rollout: Rollout) -> dict[str, str]:
    """The agency whose page one came from, else the mail."""
    agency = Agency.objects.filter(slug=request.GET.get("agency", "").replace("\0", "")).first()
    return {"back": agency_address(rollout, agency), "back_label": agency.name} if agency else {}


@may(Do.MANAGE_MAIL)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: Request, slug: str, person: int) -> HttpResponse:
    """Correct the address of a person the mail server refuses, or try it again."""
    rollout, whose = rollout_of(request, slug), get_object_or_404(Person, pk=person)
    words = _words(
        rollout,
        _("Rett adressen %(email)s") % {"email": whose.email},
        button=_("Rett adressen"),
        template="rollout/mail_address.html",
        person=whose,
        address=request.get_full_path(),
    ) | _came_from(request, rollout)
    form = AddressForm(posted(request))
    if form.is_valid():
        with refusals_at(form):
            addressing.correct(person=whose, rollout=rollout, by=request.user, now=clock.now(), **form.cleaned_data)
            said = _("Adressen er rettet til %(email)s. Det som venter, sendes dit.")
            return leave(request, words["back"], said % form.cleaned_data)
    return ask(request, form, **words)


@may(Do.MANAGE_MAIL)
@require_POST
def try_address(request: Request, slug: str, person: int) -> HttpResponse:
    """Send to a refused address again."""
    rollout, whose = rollout_of(request, slug), get_object_or_404(Person, pk=person)
    back = _came_from(request, rollout).get("back") or reverse("rollout:mail", args=[rollout.slug])
    try:
        addressing.try_again(person=whose, rollout=rollout, by=cast(Person, request.user), now=clock.now())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(back)
    return leave(request, back, _("Adressen %(email)s prøves igjen.") % {"email": whose.email})
