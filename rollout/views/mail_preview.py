"""*Forhåndsvis*: each kind of mail as its readers would get it, before anything is sent. Nothing is written."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.csp import CSP
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from rollout import clock
from rollout.domain import previewing
from rollout.domain.previewing import KINDS
from rollout.models import EmailKind
from rollout.permissions import Do, may
from rollout.views.context import rollout_of
from rollout.views.numbers import place_among


@may(Do.SEE_MAIL)
@never_cache
@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """Every kind: when it is written, and to whom."""
    kinds = [{"kind": kind, "when": told.when, "to": told.to} for kind, told in KINDS.items()]
    return render(request, "rollout/mail_previews.html", {"rollout": rollout_of(request, slug), "kinds": kinds})


@may(Do.SEE_MAIL)
@never_cache
@require_safe
def show(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """One kind, drafted for its next occasion: to the reader whose place, from 1, is `?mail=`, else to the first."""
    rollout, wanted = rollout_of(request, slug), _kind(kind)
    occasion = previewing.preview(wanted, rollout=rollout, now=clock.now())
    drafts = occasion.drafts
    place = place_among(request.GET.get("mail", ""), drafts)
    context = {
        "rollout": rollout,
        "kind": wanted,
        "told": KINDS[wanted],
        "occasion": occasion,
        "place": place,
        "chosen": drafts[place - 1] if drafts else None,
        "tell_apart": len({draft.person for draft in drafts}) < len(drafts),
    }
    return render(request, "rollout/mail_preview.html", context)


@may(Do.SEE_MAIL)
@never_cache
@require_safe
@csp_override({"default-src": [CSP.NONE], "style-src": [CSP.UNSAFE_INLINE]})
def html(request: HttpRequest, slug: str, kind: str, place: int) -> HttpResponse:
    """One draft's HTML by itself, for the sandboxed frame: it may style itself and nothing else."""
    drafts = previewing.preview(_kind(kind), rollout=rollout_of(request, slug), now=clock.now()).drafts
    if not 0 < place <= len(drafts):
        raise Http404
    return HttpResponse(drafts[place - 1].html)


def _kind(value: str) -> EmailKind:
    try:
        return EmailKind(value)
    except ValueError:
        raise Http404 from None
