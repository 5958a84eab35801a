"""The archive's page of an agency: its case number, and the document to file there, as PDF and JSON."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agencies.access import Request
from rollout import clock
from rollout.domain import archiving
from rollout.forms import refusals_at
from rollout.forms.agency import CaseForm
from rollout.models import OSLO, Placement
from rollout.permissions import Do, can, may
from rollout.views import archive_pdf
from rollout.views.agency_edit import agency_address
from rollout.views.asking import ask, leave, posted
from rollout.views.context import rollout_of

CONTENT_TYPES = {"json": "application/json", "pdf": "application/pdf"}


def _placement(request: Request, slug: str, agency: str) -> Placement:
    found = rollout_of(request, slug).placements.select_related(
        "agency", "rollout", "wave", "readiness_confirmation__confirmed_by"
    )
    return get_object_or_404(found, agency__slug=agency)


@may(Do.SEE_ARCHIVE, agency="agency")
@never_cache
@require_safe
def show(request: Request, slug: str, agency: str) -> HttpResponse:
    """What there is to file, under which number, and how a file is held against the database later."""
    placement = _placement(request, slug, agency)
    context = {
        "rollout": placement.rollout,
        "agency": placement.agency,
        "placement": placement,
        "found": archiving.document(placement, now=clock.now()),
        "may_set_case": can(request, Do.SET_CASE),
        "back": agency_address(placement.rollout, placement.agency),
    }
    return render(request, "rollout/archive.html", context)


@may(Do.SET_CASE, agency="agency")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def case(request: Request, slug: str, agency: str) -> HttpResponse:
    """Set the number of the agency's case in the archive."""
    placement = _placement(request, slug, agency)
    form = CaseForm(posted(request), initial={"case_number": placement.case_number})
    back = archive_address(placement)
    if form.is_valid():
        wanted = form.cleaned_data["case_number"]
        with refusals_at(form):
            archiving.set_case(placement=placement, case_number=wanted, by=request.user, now=clock.now())
            return leave(request, back, _("Saksnummeret er lagret."))
    return ask(
        request,
        form,
        rollout=placement.rollout,
        back=back,
        back_label=_("Arkiv"),
        heading=_("Saksnummer for %(agency)s") % {"agency": placement.agency},
        button=_("Lagre"),
    )


@may(Do.SEE_ARCHIVE, agency="agency")
@never_cache
@require_safe
def download(request: Request, slug: str, agency: str, suffix: str) -> HttpResponse:
    if suffix not in CONTENT_TYPES:
        raise Http404
    placement, now = _placement(request, slug, agency), clock.now()
    found = archiving.document(placement, now=now)
    content = archiving.as_json(found) if suffix == "json" else archive_pdf.pdf(placement, found, now=now)
    name = f"arkiv-{slug}-{agency}-{now.astimezone(OSLO):%Y-%m-%d}.{suffix}"
    return HttpResponse(
        content,
        content_type=CONTENT_TYPES[suffix],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def archive_address(placement: Placement) -> str:
    return reverse("rollout:archive", args=[placement.rollout.slug, placement.agency.slug])
