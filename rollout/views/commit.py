"""Employees commit to the guidelines, without accounts: choose agency, prove the work address, read, accept.

Open to anyone, once the plan is more than prepared (`committing.is_open`). Each step is a page that a GET only shows
and a POST that leads to the next (rule 11), so scanners, reloads and the back button do nothing; who comes to a step
too early is led to the one before it. The pages are made for a whole municipality on one morning: no session, no plan,
and the text and the list of agencies rendered once.
"""

from collections.abc import Sequence

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache, caches
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agencies import oidc
from agencies.models import Agency
from rollout import clock, codes
from rollout.domain import committing
from rollout.domain.readiness import current_guidelines
from rollout.domain.refusals import Refused
from rollout.forms import add_reasons
from rollout.forms.commit import AcceptForm, AddressForm, CodeForm
from rollout.models import CommitmentProof, GuidelineVersion, Rollout
from rollout.views import commit_state, reuse
from rollout.views.asking import posted
from rollout.views.commit_state import Progress
from rollout.views.context import hide, rollout_of

page = require_http_methods(["GET", "HEAD", "POST"])
#: How old the list of agencies and the number on the last page may be, in seconds.
LIST_SECONDS, COUNT_SECONDS = 30, 10
OF_STEPS = 4


@never_cache
@require_safe
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """The agencies in Norwegian order, or those whose name holds what was searched for."""
    rollout = _open_rollout(request, slug)
    wanted = " ".join(request.GET.get("q", "").split())[:80]
    agencies = _agencies(rollout)
    found = [(key, name) for key, name in agencies if wanted.casefold() in name.casefold()]
    context = {
        "heading": _("Kjøreregler for %(tool)s") % {"tool": rollout.tool_name},
        "step": 1,
        "found": found,
        "wanted": wanted,
        "total": len(agencies),
        "version": _has_text(rollout),
    }
    return _show(request, rollout, "choose", context)


@never_cache
@page
def address(request: HttpRequest, slug: str, agency: str) -> HttpResponse:
    """Where the link that a chief shares leads: type the work address, and a code is mailed to it."""
    rollout, where = _found(request, slug, agency)
    progress = commit_state.read(request, agency)
    form = AddressForm(posted(request), initial={"address": progress.address})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                typed = committing.checked_address(where, form.cleaned_data["address"])
                flow = progress.flow if progress.address == typed and not progress.proof else ""
                flow = codes.ask(rollout=rollout, agency=where, address=typed, network=_network(request), flow=flow)
            except Refused as refused:
                add_reasons(form, refused)
            except codes.TooMany:
                status = 429
                add_reasons(form, [_("Svært mange ber om kode fra nettverket ditt akkurat nå. Vent et minutt.")])
            else:
                answer = redirect("rollout:commit-code", slug, agency)
                return commit_state.write(answer, slug, Progress(agency, address=typed, flow=flow))
    return _ask_for_address(request, rollout, where, form, status=status)


def _ask_for_address(
    request: HttpRequest,
    rollout: Rollout,
    where: Agency,
    form: AddressForm,
    *,
    status: int,
    reasons: Sequence[str] = (),
) -> HttpResponse:
    context = {
        "heading": _("Jobbadressen din"),
        "agency": where,
        "form": form,
        "step": 2,
        "version": _has_text(rollout),
        "reasons": reasons,
        "issuer": settings.OIDC_NAME if oidc.is_offered() else "",
    }
    return _show(request, rollout, "address", context, status=status)


@never_cache
@require_POST
def sign_in(request: HttpRequest, slug: str, agency: str) -> HttpResponse:
    """Prove the address at the municipality's own sign-in instead of by a code. Nobody is signed in here by it."""
    _rollout, where = _found(request, slug, agency)
    try:
        if oidc.is_offered():
            return oidc.prove_address(request, reverse("rollout:commit-read", args=[slug, where.slug]))
    except oidc.OidcFailed:
        pass
    messages.error(request, _("Innloggingstjenesten svarer ikke. Be om en kode på e-post i stedet."))
    return redirect("rollout:commit-address", slug, agency)


@never_cache
@page
def code(request: HttpRequest, slug: str, agency: str) -> HttpResponse:
    """Type the code that was mailed."""
    rollout, where = _found(request, slug, agency)
    progress = commit_state.read(request, agency)
    if progress.outcome:
        return redirect("rollout:commit-thanks", slug, agency)
    if not progress.flow:
        return _begin_again(request, slug, agency)
    form, status = CodeForm(posted(request)), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            answer = codes.check(progress.flow, form.cleaned_data["code"])
            if answer is codes.Answer.RIGHT:
                proved = progress.proved(CommitmentProof.CODE)
                return commit_state.write(redirect("rollout:commit-read", slug, agency), slug, proved)
            form.add_error("code", _WRONG[answer]())
    context = {"heading": _("Skriv koden"), "agency": where, "form": form, "progress": progress, "step": 3}
    context |= {"minutes": codes.LIFETIME // 60, "mails": codes.MAILS_FROM_ONE_NETWORK}
    return _show(request, rollout, "code", context, status=status)


_WRONG = {
    codes.Answer.WRONG: lambda: _("Koden er feil. Bruk den fra den nyeste e-posten."),
    codes.Answer.GONE: lambda: _("Koden er brukt, utløpt eller prøvd for mange ganger. Be om en ny nedenfor."),
}


@never_cache
@page
def read(request: HttpRequest, slug: str, agency: str) -> HttpResponse:
    """Read the text that stands now, and accept exactly that one."""
    rollout, where = _found(request, slug, agency)
    progress = commit_state.read(request, agency)
    if progress.outcome:
        return redirect("rollout:commit-thanks", slug, agency)
    if not progress.proof and (signed_in := oidc.proven_address(request)):
        try:
            address = committing.checked_address(where, signed_in)
        except Refused as refused:
            reasons = [_("Du logget inn som %(address)s.") % {"address": signed_in}, *refused.reasons]
            return _ask_for_address(request, rollout, where, AddressForm(), status=409, reasons=reasons)
        progress = Progress(agency, address=address, proof=CommitmentProof.OIDC)
    if not progress.proof:
        return redirect("rollout:commit-code", slug, agency) if progress.flow else _begin_again(request, slug, agency)
    refusal: list[str] = []
    if request.method == "POST":
        form = AcceptForm(request.POST)
        try:
            counted = committing.commit(
                rollout=rollout,
                agency=where,
                hash_seen=form.cleaned_data["hash_seen"] if form.is_valid() else "",
                address=progress.address,
                proof=CommitmentProof(progress.proof),
                now=clock.now(),
            )
        except Refused as refused:
            refusal = refused.reasons
        else:
            codes.spend(progress.flow)
            oidc.forget_proven_address(request)
            answer = redirect("rollout:commit-thanks", slug, agency)
            return commit_state.write(answer, slug, progress.done(counted=counted))
    version = current_guidelines(rollout)
    context = {"heading": _("Les og godta"), "agency": where, "step": 4}
    context |= {"version": version, "text": _text(version), "refusal": refusal}
    return _show(request, rollout, "read", context, status=409 if refusal else 200)


@never_cache
@require_safe
def thanks(request: HttpRequest, slug: str, agency: str) -> HttpResponse:
    """That it counted, now or before, and how many are with them, where so many are that it may be told."""
    rollout, where = _found(request, slug, agency)
    progress = commit_state.read(request, agency)
    if not progress.outcome:
        return redirect("rollout:commit-address", slug, agency)
    context = {"heading": _("Takk!"), "agency": where, "outcome": progress.outcome, "told": _told(rollout, where)}
    return _show(request, rollout, "thanks", context)


def _begin_again(request: HttpRequest, slug: str, agency: str) -> HttpResponse:
    """To the address: the step before is missing, or so long ago that it no longer counts."""
    if request.method == "POST":
        messages.info(request, _("Det er for lenge siden du begynte. Skriv adressen din igjen."))
    return redirect("rollout:commit-address", slug, agency)


# -- what the pages are made of --------------------------------------------------------------------------------------


def _show(request: HttpRequest, rollout: Rollout, name: str, context: dict, *, status: int = 200) -> HttpResponse:
    shared = {"rollout": rollout, "of_steps": OF_STEPS}
    return render(request, f"rollout/commit/{name}.html", shared | context, status=status)


def _open_rollout(request: HttpRequest, slug: str) -> Rollout:
    rollout = rollout_of(request, slug)
    if not committing.is_open(rollout):
        raise hide(request)
    return rollout


def _found(request: HttpRequest, slug: str, agency: str) -> tuple[Rollout, Agency]:
    """404 for an agency that does not take part, as for one that does not exist."""
    rollout = _open_rollout(request, slug)
    return rollout, get_object_or_404(committing.takes_part(rollout), slug=agency)


def _agencies(rollout: Rollout) -> list[tuple[str, str]]:
    """Slug and name of each that takes part, as they were some seconds ago."""
    key, kept = f"commit-agencies:{rollout.pk}", caches["markup"]
    found = kept.get(key)
    if found is None:
        found = list(committing.takes_part(rollout).values_list("slug", "name"))
        kept.set(key, found, LIST_SECONDS)
    return found


def _has_text(rollout: Rollout) -> bool:
    return rollout.guideline_versions.exists()


def _text(version: GuidelineVersion | None) -> str:
    """Rendered once for each version, in each process."""
    if version is None:
        return ""
    made_of = ("guidelines", version.pk, version.text_hash)
    return reuse.part(lambda: render_to_string("rollout/commit/text.html", {"version": version}), made_of=made_of)


def _told(rollout: Rollout, agency: Agency) -> committing.Told | None:
    """What the agency's number was some seconds ago: it is counted as often, however many ask."""
    version = current_guidelines(rollout)
    placement = rollout.placements.select_related("agency").filter(agency=agency).first()
    if version is None or placement is None:
        return None
    return cache.get_or_set(
        f"commit-told:{version.pk}:{agency.pk}",
        lambda: committing.of_agency(placement, version=version),
        COUNT_SECONDS,
    )


def _network(request: HttpRequest) -> str:
    """The address that the outermost trusted proxy saw."""
    return get_adapter().get_client_ip(request)
