"""How many employees have committed to the guidelines, agency by agency; and what a chief needs to ask them to.

Numbers only, and none about fewer than ten people (rule 14): there is nothing else to show.
"""

from dataclasses import dataclass
from itertools import groupby

import qrcode
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agencies.access import Request
from agencies.models import Agency
from rollout.domain import committing
from rollout.domain.readiness import current_guidelines
from rollout.models import GuidelineVersion, Placement, PlacementStatus, Rollout
from rollout.permissions import Do, may
from rollout.views.context import rollout_of
from rollout.views.numbers import whole


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def show(request: Request, slug: str) -> HttpResponse:
    """Every agency that takes part, under the newest version or the one that is chosen."""
    rollout = rollout_of(request, slug)
    version = chosen_version(request, rollout)
    context = {
        "rollout": rollout,
        "coverage": committing.coverage(rollout, version=version),
        "versions": rollout.guideline_versions.defer("text").order_by("-number"),
        "fewest": committing.FEWEST_TOLD,
    }
    return render(request, "rollout/commitments.html", context)


def chosen_version(request: Request, rollout: Rollout) -> GuidelineVersion | None:
    """The version in the page's query, else the newest; 404 for one that there is not."""
    wanted = request.GET.get("version", "")
    if not wanted:
        return current_guidelines(rollout)
    version = rollout.guideline_versions.filter(number=whole(wanted) or 0).first()
    if version is None:
        raise Http404
    return version


# -- what a chief shares ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sharing:
    """The agency's coverage, the link to its flow, the words to send with it, and the link as a QR code."""

    told: committing.Told
    version: GuidelineVersion
    address: str
    words: str
    qr: "QrCode"


def sharing(rollout: Rollout, agency: Agency, placement: Placement | None) -> Sharing | None:
    """For the pages about the agency. None: it does not take part, or there is nothing to accept yet."""
    if placement is None or placement.status == PlacementStatus.WITHDRAWN or not committing.is_open(rollout):
        return None
    version = current_guidelines(rollout)
    if version is None:
        return None
    address = settings.SITE_URL + reverse("rollout:commit-address", args=[rollout.slug, agency.slug])
    words = _(
        "Hei! Før vi tar i bruk %(tool)s, skal alle i %(agency)s lese og godta kjørereglene. Det tar et halvt minutt, "
        "og du trenger bare jobbadressen din: %(address)s"
    )
    words %= {"tool": rollout.tool_name, "agency": agency, "address": address}
    return Sharing(committing.of_agency(placement, version=version), version, address, words, qr_code(address))


@dataclass(frozen=True)
class QrCode:
    """A QR code as an SVG path of 1-unit squares, `size` units wide with its quiet zone."""

    size: int
    path: str


def qr_code(text: str) -> QrCode:
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(text)
    matrix = code.get_matrix()
    return QrCode(len(matrix), "".join(_bars(matrix)))


def _bars(matrix: list[list[bool]]):
    """Each run of dark squares in a row as one bar."""
    for y, row in enumerate(matrix):
        x = 0
        for is_dark, run in groupby(row):
            width = len(list(run))
            if is_dark:
                yield f"M{x} {y}h{width}v1h-{width}z"
            x += width
