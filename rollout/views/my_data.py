"""*Mine opplysninger*: what is stored on the one who asks, as page and file; and erasing it (P3)."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from agencies.access import Request
from agencies.list_files import CONTENT_TYPES, write_csv
from agencies.models import Agency, Person, Role
from rollout import clock
from rollout.domain import erasing, owndata
from rollout.forms import refusals_at
from rollout.forms.agency import EraseForm
from rollout.models import OSLO, Rollout
from rollout.permissions import Do, may
from rollout.views.agency_edit import agency_address
from rollout.views.asking import ask, leave, posted
from rollout.views.context import rollout_of

SHOWN_AT_MOST = 10  # rows of each kind on the page; the file has them all
NOT_SHOWN = ("id", "html")


@may(Do.ENTER)
@never_cache
@require_safe
def show(request: Request) -> HttpResponse:
    """Everything that points at the person, kind by kind."""
    sections = [
        {
            "heading": section.heading,
            "number": len(section.rows),
            "left_out": max(0, len(section.rows) - SHOWN_AT_MOST),
            "rows": [_shown(row, request.user) for row in section.rows[-SHOWN_AT_MOST:]],
        }
        for section in owndata.sections(request.user)
    ]
    return render(request, "rollout/my_data.html", {"sections": sections, "active": Rollout.objects.active()})


def _shown(row: dict[str, Any], person: Person) -> list[tuple[str, dt.datetime | None, str]]:
    """Label, moment or none, and words, of what says something: not that a row on the reader points at the reader."""
    own = str(person.opaque_id)
    said = {name: value for name, value in row.items() if name not in NOT_SHOWN and value not in (None, "", {}, [])}
    return [
        (owndata.label(name), value if isinstance(value, dt.datetime) else None, owndata.plain(value))
        for name, value in said.items()
        if value != own or name == "opaque_id"
    ]


@may(Do.ENTER)
@never_cache
@require_safe
def download(request: Request, suffix: str) -> HttpResponse:
    now = clock.now()
    if suffix == "json":
        content, content_type = owndata.as_json(request.user, now=now), "application/json"
    elif suffix == "csv":
        content, content_type = write_csv(owndata.as_rows(request.user), separator=";"), CONTENT_TYPES["csv"]
    else:
        raise Http404
    name = f"mine-opplysninger-{now.astimezone(OSLO):%Y-%m-%d}.{suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)


@may(Do.ENTER)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: Request) -> HttpResponse:
    """The person has their own name and address removed, and is signed out for good."""
    form = EraseForm(posted(request))
    if form.is_valid():
        with refusals_at(form):
            erasing.erase(person=request.user, by=request.user, now=clock.now())
            logout(request)
            messages.success(request, _("Navnet og adressen din er slettet, og du er logget ut."))
            address = reverse("account_login")
            return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
    return ask(
        request,
        form,
        back=reverse("rollout:my-data"),
        back_label=_("Mine opplysninger"),
        heading=_("Slett opplysningene mine"),
        button=_("Slett navnet og adressen min"),
        danger=True,
        intro=[
            _("Navnet og e-postadressen din fjernes, og du mister alle roller og blir logget ut med en gang."),
            _("Signaturer og bekreftelser blir stående under en kode som ikke sier hvem du er."),
            _("Skal du inn igjen senere, må du inviteres på nytt."),
        ],
    )


@may(Do.ERASE_PEOPLE, agency="agency")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def erase_other(request: Request, slug: str, agency: str, role: int) -> HttpResponse:
    """A lead does it for somebody at an agency who asks for it. `role`: one the person holds there."""
    rollout, where = rollout_of(request, slug), get_object_or_404(Agency, slug=agency)
    held = get_object_or_404(
        Role.objects.select_related("person"), pk=role, agency=where, person__erased_at__isnull=True
    )
    person, back = held.person, agency_address(rollout, where)
    form = EraseForm(posted(request))
    if form.is_valid():
        with refusals_at(form):
            erasing.erase(person=person, by=request.user, now=clock.now())
            return leave(request, back, _("Navnet og adressen er slettet."))
    return ask(
        request,
        form,
        rollout=rollout,
        back=back,
        back_label=where.name,
        heading=_("Slett opplysningene om %(who)s") % {"who": person},
        button=_("Slett navn og adresse"),
        danger=True,
        intro=[
            _("Gjør dette når personen ber om det. Skal personen bare slutte i rollen, avslutt rollen i stedet."),
            _("Navn og e-postadresse fjernes, og personen mister alle roller, også i andre virksomheter."),
            _("Signaturer og bekreftelser blir stående under en kode som ikke sier hvem det var."),
        ],
    )
