"""Writing the next guidelines: the draft with its preview, and publishing it (rule 5)."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from agencies.access import Request
from rollout import clock
from rollout.domain import differences, drafting, signing_off
from rollout.domain.readiness import current_guidelines
from rollout.domain.refusals import Refused
from rollout.forms import add_reasons
from rollout.forms.guidelines import DraftForm, PublishForm, RevisionForm
from rollout.models import GuidelineDraft, Rollout
from rollout.permissions import Do, may
from rollout.views.asking import posted
from rollout.views.context import rollout_of


@may(Do.CHANGE_PLAN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, slug: str) -> HttpResponse:
    """The text in a field. `do`: save it, save it and go on to publishing, or only show what it will look like."""
    rollout = rollout_of(request, slug)
    draft = drafting.draft_of(rollout)
    if request.method != "POST":
        return _page(request, rollout, _form(rollout, draft), draft)
    form, do = DraftForm(request.POST), request.POST.get("do")
    if not form.is_valid():
        return _page(request, rollout, form, draft, status=422)
    text = form.cleaned_data["text"]
    if do == "preview":
        return _page(request, rollout, form, draft)
    try:
        drafting.save(
            rollout=rollout,
            text=text,
            revision_seen=form.cleaned_data["revision"],
            by=request.user,
            now=clock.now(),
        )
    except drafting.DraftRefused as refused:
        return _both(request, rollout, text, refused)
    if do == "publish":
        return redirect("rollout:guidelines-publish", slug)
    messages.success(request, _("Utkastet er lagret."))
    return redirect("rollout:guidelines-draft", slug)


@may(Do.CHANGE_PLAN)
@require_POST
def preview(request: Request, slug: str) -> HttpResponse:
    """What is being written, as its readers will see it, and what it changes. Saves nothing."""
    text = request.POST.get("text", "")[: DraftForm.base_fields["text"].max_length]  # type: ignore[attr-defined]
    context = _seen(rollout_of(request, slug), text)
    return render(request, "rollout/guidelines_draft.html#preview", context)


@may(Do.CHANGE_PLAN)
@require_POST
def discard(request: Request, slug: str) -> HttpResponse:
    rollout, form = rollout_of(request, slug), RevisionForm(request.POST)
    try:
        if not form.is_valid():
            raise Refused(_("Siden manglet utkastet som skulle forkastes. Se på det her, og prøv igjen."))
        drafting.discard(rollout=rollout, revision_seen=form.cleaned_data["revision"])
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("rollout:guidelines-draft", slug)
    messages.success(request, _("Utkastet er forkastet."))
    return redirect("rollout:guidelines", slug)


@may(Do.CHANGE_PLAN)
@never_cache
@vary_on_headers("HX-Request")
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: Request, slug: str) -> HttpResponse:
    """What is changed and who must sign anew; then the press. HTMX fetches the effect anew when a choice is made."""
    rollout, now = rollout_of(request, slug), clock.now()
    draft, last = drafting.draft_of(rollout), current_guidelines(rollout)
    if draft is None:
        messages.info(request, _("Det er ikke noe utkast å publisere. Det kan være publisert eller forkastet."))
        return redirect("rollout:guidelines", slug)
    initial = {"revision": draft.revision}
    form = PublishForm(
        posted(request) or (request.GET if request.htmx else None), initial=initial, is_first=last is None
    )
    status = 200
    if request.method == "POST" and request.POST.get("do") != "effect":
        status = 422
        if form.is_valid():
            wanted = {"is_material": True} | form.cleaned_data
            revision = wanted.pop("revision")
            try:
                version = drafting.publish(rollout=rollout, revision_seen=revision, by=request.user, now=now, **wanted)
            except drafting.DraftRefused as refused:
                messages.error(request, _("%(why)s Ingenting er publisert.") % {"why": refused})
                return redirect("rollout:guidelines-draft" if refused.theirs else "rollout:guidelines", slug)
            except Refused as refused:
                add_reasons(form, refused)
                status = 409
            else:
                said = _("Kjørereglene, versjon %(number)s, er publisert.") % {"number": version.number}
                messages.success(request, said)
                return redirect("rollout:guidelines", slug)
    context = _effect(rollout, form, now=now) | {
        "form": form,
        "draft": draft,
        "last": last,
        "lines": differences.compare(last.text, draft.text) if last else [],
        "number": last.number + 1 if last else 1,
    }
    part = "#effect" if request.htmx and request.method != "POST" else ""
    return render(request, f"rollout/guidelines_publish.html{part}", context, status=status)


def _effect(rollout: Rollout, form: PublishForm, *, now) -> dict[str, Any]:
    """Whom the choices made so far reopen."""
    chosen: dict[str, Any] = {}
    if form.is_bound:
        form.is_valid()  # reads what can be read, also beside a choice not made yet
        chosen = form.cleaned_data
    until = chosen.get(signing_off.UNTIL)
    return {
        "is_material": chosen.get("is_material"),
        "until": until,
        "reopened": drafting.reopened(rollout, old_counts_until=until, now=now),
        "soon_days": drafting.SOON_DAYS,
    }


def _form(rollout: Rollout, draft: GuidelineDraft | None) -> DraftForm:
    """The draft, or the last text to start from."""
    last = None if draft else current_guidelines(rollout)
    text = draft.text if draft else last.text if last else ""
    return DraftForm(initial={"text": text, "revision": draft.revision if draft else 0})


def _seen(rollout: Rollout, text: str) -> dict[str, Any]:
    last, text = current_guidelines(rollout), signing_off.tidy(text)
    lines = differences.compare(last.text, text) if last else []
    return {"text": text, "last": last, "lines": lines}


def _page(
    request: Request,
    rollout: Rollout,
    form: DraftForm,
    draft: GuidelineDraft | None,
    *,
    status: int = 200,
    **extra: Any,
) -> HttpResponse:
    context = _seen(rollout, form["text"].value() or "") | {"form": form, "draft": draft} | extra
    return render(request, "rollout/guidelines_draft.html", context, status=status)


def _both(request: Request, rollout: Rollout, text: str, refused: drafting.DraftRefused) -> HttpResponse:
    """Somebody else was first: their text and one's own beside each other; the next save knows of theirs."""
    theirs = refused.theirs
    form = DraftForm(initial={"text": text, "revision": theirs.revision if theirs else 0})
    against = differences.compare(theirs.text, signing_off.tidy(text)) if theirs else []
    return _page(request, rollout, form, theirs, status=409, refused=str(refused), theirs=theirs, against=against)
