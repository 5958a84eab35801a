"""*Varsler*: which mail comes to the one who asks, which of it is a duty, and a switch for each that is not."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agencies.access import Request, roles_of
from rollout import clock
from rollout.domain import choosing
from rollout.emails_choosing import CHOICES, DUTIES, wants
from rollout.models import EmailKind
from rollout.permissions import Do, may


@dataclass(frozen=True)
class Words:
    """What a kind is called on the page, and what it tells of and when."""

    name: str | Promise
    about: str | Promise


WORDS: dict[EmailKind, Words] = {
    EmailKind.TO_DO: Words(
        gettext_lazy("Påminnelser om steg"),
        gettext_lazy(
            "14, 7 og 2 dager før en frist, og hver uke etter den. Stopper når steget er gjort. "
            "Kommunikasjonssjefen får dem først, virksomhetslederen når steget er en uke over fristen."
        ),
    ),
    EmailKind.AGENCY_WEEK: Words(
        gettext_lazy("Virksomheten denne uken"),
        gettext_lazy(
            "Mandag klokken 8, når noe må gjøres de neste fire ukene: "
            "hva som er gjort, hva som gjenstår, og datoen deres."
        ),
    ),
    EmailKind.WEEKLY_STATUS: Words(
        gettext_lazy("Ukestatus"),
        gettext_lazy("Mandag klokken 8: hvor langt utrullingen er kommet, og hva som stopper."),
    ),
    EmailKind.YOUR_DATES: Words(
        gettext_lazy("Pulje og datoer"),
        gettext_lazy("Når det er klart at puljen deres skal åpne."),
    ),
    EmailKind.LEADERS_OPEN: Words(
        gettext_lazy("Åpent for ledere"),
        gettext_lazy("Når lederne og nøkkelpersonene får tilgang."),
    ),
    EmailKind.ALL_STAFF_OPEN: Words(
        gettext_lazy("Åpent for alle"),
        gettext_lazy("Når alle medarbeiderne får tilgang."),
    ),
    EmailKind.DATE_CHANGED: Words(
        gettext_lazy("Endret dato eller pulje"),
        gettext_lazy("Når noe du har fått vite, ikke lenger stemmer."),
    ),
    EmailKind.DEFERRED: Words(
        gettext_lazy("Utsatt"),
        gettext_lazy("Når en virksomhet ikke er klar og må vente, med grunnene."),
    ),
    EmailKind.HELD: Words(
        gettext_lazy("Holdt tilbake"),
        gettext_lazy("Når en virksomhet ikke slippes inn sammen med resten av puljen."),
    ),
    EmailKind.GUIDELINES_CHANGED: Words(
        gettext_lazy("Nye kjøreregler"),
        gettext_lazy("Når kjørereglene er endret slik at de må signeres på nytt."),
    ),
    EmailKind.SIGN_RECEIPT: Words(
        gettext_lazy("Kvittering for signatur"),
        gettext_lazy("Når du har signert kjørereglene."),
    ),
    EmailKind.REQUEST: Words(
        gettext_lazy("Noe som venter på svar fra deg"),
        gettext_lazy("Et ønske fra en virksomhet, eller finansiering som skal godkjennes."),
    ),
    EmailKind.ANSWER: Words(
        gettext_lazy("Svar fra prosjektlederen"),
        gettext_lazy("Når virksomheten har bedt om noe, eller får et spørsmål."),
    ),
    EmailKind.NO_DECISION: Words(
        gettext_lazy("Ingen beslutning"),
        gettext_lazy("Når datoen er kommet, og puljen ikke åpnet fordi klarsignal mangler."),
    ),
    EmailKind.DELIVERY_FAILED: Words(
        gettext_lazy("Levering feilet"),
        gettext_lazy("Når en e-post ikke kunne leveres."),
    ),
    EmailKind.INVITED: Words(
        gettext_lazy("Invitasjon"),
        gettext_lazy("Når du får en rolle her."),
    ),
}


@may(Do.ENTER)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: Request) -> HttpResponse:
    """The kinds that come to this person. A POST says, of each that was `shown`, whether it is `wanted`."""
    if request.method == "POST":
        shown = {EmailKind(kind) for kind in request.POST.getlist("shown") if kind in CHOICES}
        wanted = request.POST.getlist("wanted")
        choosing.choose(person=request.user, wanted={kind: kind in wanted for kind in shown}, now=clock.now())
        messages.success(request, _("Valgene er lagret."))
        return redirect("rollout:notices")
    held = roles_of(request)
    chosen = [
        _told(kind) | {"is_on": wants(request.user, kind)} for kind in CHOICES if held.any_of(CHOICES[kind].may_get)
    ]
    duties = [_told(kind) for kind in WORDS if kind in DUTIES and held.any_of(DUTIES[kind])]
    return render(request, "rollout/notices.html", {"chosen": chosen, "duties": duties})


def _told(kind: EmailKind) -> dict[str, Any]:
    return {"kind": kind.value, "name": WORDS[kind].name, "about": WORDS[kind].about}
