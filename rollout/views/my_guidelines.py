"""An agency reads the current guidelines and signs exactly the text that was read (rule 5)."""

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agencies.access import Request, roles_of
from agencies.sign_in import signed_in_by
from rollout import clock
from rollout.domain import differences, readiness, signing_off
from rollout.domain.refusals import Refused
from rollout.forms.steps import SignForm
from rollout.models import GuidelineVersion, Placement
from rollout.permissions import Do, can, may
from rollout.views.my_pieces import done, own_placement, show, status_of


@may(Do.SEE_COURSE, post=Do.ACT_FOR_AGENCY, agency="agency")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def guidelines(request: Request, slug: str, agency: str) -> HttpResponse:
    """The exact text, its version and hash, who has signed, and the press for who may."""
    placement = own_placement(request, slug, agency)
    status = status_of(placement, key=readiness.GUIDELINES)
    shown = "rollout/my_guidelines.html"
    if request.method != "POST":
        return show(request, shown, placement, status, **_now(request, placement))
    form = SignForm(request.POST)
    version = None
    if form.is_valid():
        version = placement.rollout.guideline_versions.filter(number=form.cleaned_data["version"]).first()
    try:
        if version is None:
            raise Refused(_("Siden manglet teksten som skulle signeres. Les teksten her og signer på nytt."))
        sign_off = signing_off.sign(
            placement=placement,
            version=version,
            hash_seen=form.cleaned_data["hash_seen"],
            by=request.user,
            role=signing_off.signs_as(placement.rollout, roles_of(request).at_agency(agency)) or "",
            signed_in_by=signed_in_by(request),
            now=clock.now(),
        )
    except Refused as refused:
        seen = version if version and version.text_hash == form.cleaned_data["hash_seen"] else None
        extra = _now(request, placement, seen=seen) | {"refusal": refused.reasons}
        return show(request, shown, placement, status, code=409, **extra)
    words = {"number": version.number, "to": sign_off.person.email}
    said = _("Kjørereglene, versjon %(number)s, er signert. Kvitteringen er sendt til %(to)s.") % words
    return done(request, placement, status, said)


def _now(request: Request, placement: Placement, *, seen: GuidelineVersion | None = None) -> dict:
    """The text that is signed now, and what differs in it from the one that was `seen`, or else signed last."""
    rollout, version = placement.rollout, readiness.current_guidelines(placement.rollout)
    sign_offs = list(placement.sign_offs.select_related("person", "version").order_by("-version__number"))
    signed = next((one for one in sign_offs if version and one.version_id == version.pk), None)
    before = seen or next((one.version for one in sign_offs), None)
    if version is None or before is None or before.number >= version.number:
        before = None
    roles = roles_of(request).at_agency(placement.agency.slug)
    cannot = signing_off.not_in_this_role(rollout, roles) or signing_off.not_by_this_sign_in(
        rollout, signed_in_by(request)
    )
    return {
        "version": version,
        "signed": signed,
        "earlier": [one for one in sign_offs if one is not signed],
        "before": before,
        "lines": differences.compare(before.text, version.text) if before and version else [],
        "cannot": cannot if can(request, Do.ACT_FOR_AGENCY, agency=placement.agency.slug) else "",
    }
