"""Sent mail: every message, its state, its text as the reader saw it; and settling what was cut off (rule 10)."""

from typing import cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_POST, require_safe

from agencies.access import Request
from agencies.models import Person
from rollout import clock
from rollout.domain import resending, settling
from rollout.domain.refusals import Refused
from rollout.models import EmailState, OutgoingEmail, Rollout
from rollout.permissions import Do, can, may
from rollout.views.announce import untold
from rollout.views.context import rollout_of

PER_PAGE = 50
#: How a state is drawn: the tag's kind (exceptions are filled) and its icon.
SIGNS = {
    EmailState.WAITING: ("", "clock"),
    EmailState.CLAIMED: ("now", "process-forward"),
    EmailState.SENT: ("quiet", "check-circle"),
    EmailState.UNKNOWN: ("warn", "alert-warning"),
    EmailState.FAILED: ("stop", "exclamation-mark-circle"),
    EmailState.WITHDRAWN: ("quiet", "arrow-return"),
}
#: What a lead's press means.
ANSWERS = {"sent": True, "not-sent": False}


def _with_sign(message: OutgoingEmail) -> OutgoingEmail:
    """With what its state is drawn by, and why it waits or failed, for the templates."""
    sign_kind, sign_icon = SIGNS[EmailState(message.state)]
    vars(message).update(sign_kind=sign_kind, sign_icon=sign_icon, why=_why(message))
    return message


def _why(message: OutgoingEmail) -> str:
    """What stands in its way; empty where nothing does. Holding all mail is told once, for all."""
    if message.state == EmailState.WAITING and message.person.mail_refused_at:
        return _("Adressen er avvist. Meldingen sendes når adressen er rettet.")
    if message.state in (EmailState.WAITING, EmailState.FAILED):
        return message.last_error
    return ""


@may(Do.SEE_MAIL)
@never_cache
@require_safe
def index(request: Request, slug: str) -> HttpResponse:
    """Every message of the rollout, newest first; `?q=` finds those to an address or with words in the subject, and
    `?state=` shows one state of them.
    """
    rollout, query = rollout_of(request, slug), request.GET.get("q", "").strip()[:200].replace("\0", "")
    about = rollout.emails.filter(Q(to_address__icontains=query) | Q(headline__icontains=query))
    counts = dict(about.order_by().values_list("state").annotate(Count("id")))
    wanted = request.GET.get("state", "")
    wanted = wanted if wanted in EmailState.values else ""
    found = about.select_related("person").defer("text", "html").order_by("-written_at", "-id")
    page = Paginator(found.filter(state=wanted) if wanted else found, PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = [_with_sign(message) for message in page.object_list]
    states = [
        {"value": state.value, "label": state.label, "number": counts.get(state.value, 0)}
        for state in EmailState
        if counts.get(state.value) or state.value == wanted
    ]
    context = {
        "rollout": rollout,
        "page": page,
        "states": states,
        "wanted": wanted,
        "query": query,
        "total": sum(counts.values()),
        "unknown": _unknown_sentence(counts.get(EmailState.UNKNOWN, 0)),
        "can_settle": can(request, Do.SETTLE_MAIL),
        "refused": _refused(rollout),
        "untold": untold(request, rollout),
    }
    return render(request, "rollout/mail.html", context)


def _refused(rollout: Rollout) -> list[Person]:
    """Whose address the server refuses, with how many messages of the rollout wait for a better one."""
    waiting = Count("emails", filter=Q(emails__rollout=rollout, emails__state=EmailState.WAITING))
    refused = Person.objects.filter(mail_refused_at__isnull=False, is_active=True)
    return list(refused.annotate(waiting=waiting).order_by("email"))


def _unknown_sentence(number: int) -> str:
    if not number:
        return ""
    return ngettext(
        "%(number)s melding ble avbrutt mens den ble sendt. Finn ut om den kom fram, og avklar den.",
        "%(number)s meldinger ble avbrutt mens de ble sendt. Finn ut om de kom fram, og avklar dem.",
        number,
    ) % {"number": number}


@may(Do.SEE_MAIL)
@never_cache
@require_safe
def message(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One message: to whom, when, how it went, and its words."""
    rollout = rollout_of(request, slug)
    shown = get_object_or_404(rollout.emails.select_related("person", "resends"), pk=pk)
    others = rollout.emails.exclude(pk=pk).defer("text", "html")
    context = {
        "rollout": rollout,
        "message": _with_sign(shown),
        "corrects": others.filter(message_id=shown.in_reply_to).first() if shown.in_reply_to else None,
        "corrections": others.filter(in_reply_to=shown.message_id).order_by("id"),
        "resent_as": others.filter(resends=pk).first(),
        "can_settle": can(request, Do.SETTLE_MAIL),
        "can_resend": shown.state in resending.ENDED and can(request, Do.MANAGE_MAIL),
    }
    return render(request, "rollout/mail_message.html", context)


@may(Do.SEE_MAIL)
@never_cache
@require_safe
@csp_override({"default-src": [CSP.NONE], "style-src": [CSP.UNSAFE_INLINE]})
def html(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The message's HTML by itself, for the sandboxed frame on its page: it may style itself and nothing else."""
    shown = get_object_or_404(rollout_of(request, slug).emails.only("html"), pk=pk)
    return HttpResponse(shown.html)


@may(Do.SETTLE_MAIL)
@require_POST
def settle(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Say whether a message that was cut off was sent."""
    rollout = rollout_of(request, slug)
    shown = get_object_or_404(rollout.emails, pk=pk)
    answer = request.POST.get("answer")
    if answer not in ANSWERS:
        messages.error(request, _("Velg om meldingen ble sendt eller ikke."))
        return redirect("rollout:mail-message", rollout.slug, pk)
    try:
        settled = settling.settle(
            message=shown, was_sent=ANSWERS[answer], by=cast(Person, request.user), now=clock.now()
        )
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _outcome(settled))
    return redirect("rollout:mail-message", rollout.slug, pk)


def _outcome(message: OutgoingEmail) -> str:
    return {
        EmailState.SENT: _("Avklart: meldingen til %(address)s ble sendt."),
        EmailState.WAITING: _("Avklart: meldingen til %(address)s ble ikke sendt, og sendes om litt."),
        EmailState.WITHDRAWN: _(
            "Avklart: meldingen til %(address)s ble ikke sendt, og gjelder ikke lenger. Er den erstattet, står den nye "
            "i listen."
        ),
    }[EmailState(message.state)] % {"address": message.to_address}
