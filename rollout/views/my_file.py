"""The file that shows a step is done, for those who may see the agency's course."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_cache_control
from django.utils.csp import CSP
from django.utils.http import content_disposition_header
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from agencies.access import Request
from rollout.models import EvidenceFile
from rollout.permissions import Do, may
from rollout.views.context import rollout_of


@may(Do.SEE_COURSE, agency="agency")
@require_safe
@csp_override({"default-src": [CSP.NONE], "sandbox": [""]})
def file(request: Request, slug: str, agency: str, number: int) -> HttpResponse:
    """The file itself, to be kept and not shown: nothing in it may run as a page of ours, and no cache holds it."""
    kept = get_object_or_404(
        EvidenceFile,
        evidence__placement__rollout=rollout_of(request, slug),
        evidence__placement__agency__slug=agency,
        evidence__step__number=number,
    )
    response = HttpResponse(bytes(kept.content), content_type=kept.content_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=kept.name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    patch_cache_control(response, private=True, no_store=True)
    return response
