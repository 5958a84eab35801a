"""An agency's people, from its own side: who they are, how many key people it needs, and letting others in and out."""

from collections.abc import Iterable

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agencies.access import Request
from agencies.models import Agency, Role, RoleName
from agencies.people import ORDER, people_of
from rollout import clock
from rollout.domain import inviting, readiness
from rollout.domain.inviting import Invited
from rollout.forms import refusals_at
from rollout.forms.people import InviteManyForm
from rollout.permissions import Do, can, may
from rollout.views.asking import ask, leave, posted
from rollout.views.context import rollout_of

#: How many of those who hold the role already are named.
HELD_IN_SIGHT = 20


@may(Do.SEE_COURSE, agency="agency")
@never_cache
@require_safe
def show(request: Request, slug: str, agency: str) -> HttpResponse:
    """Who has a role here; and of key people what is demanded, what is stated and how many are on the list."""
    rollout, shown = rollout_of(request, slug), get_object_or_404(Agency, slug=agency)
    placement = rollout.placements.filter(agency=shown).select_related("agency", "wave").first()
    people = people_of(shown)
    listed = sum(role.role == RoleName.KEY_PERSON for role in people)
    gives = _gives(request, shown)
    follows_course = placement is not None and placement.is_in_plan
    acts = can(request, Do.ACT_FOR_AGENCY, agency=agency)
    stated = placement.key_people_stated if placement else None
    return render(
        request,
        "rollout/my_people.html",
        {
            "agency": shown,
            "placement": placement if follows_course else None,
            "groups": [
                {"role": role, "held": [held for held in people if held.role == role], "gives": role in gives}
                for role in ORDER
            ],
            "listed": listed,
            "stated": stated,
            "required": readiness.key_people_required(placement) if placement and follows_course else None,
            "gives": gives,
            "offers_number": acts and follows_course and listed != (stated or 0) and listed > 0,
        },
    )


@may(Do.INVITE_TO_AGENCY, agency="agency")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: Request, slug: str, agency: str) -> HttpResponse:
    """Invite one or many to a role: a list of addresses, all or nothing. Who holds it already is left as they are."""
    rollout, where = rollout_of(request, slug), get_object_or_404(Agency, slug=agency)
    back = reverse("rollout:my-people", args=[rollout.slug, where.slug])
    gives = _gives(request, where)
    form = InviteManyForm(posted(request), roles=gives, initial={"role": request.GET.get("role", "")})
    if form.is_valid():
        with refusals_at(form):
            invited = inviting.invite_many(agency=where, by=request.user, now=clock.now(), **form.cleaned_data)
            return leave(request, back, _invited(invited, where, RoleName(form.cleaned_data["role"])))
    return ask(
        request,
        form,
        rollout=rollout,
        back=back,
        back_label=_("Folk i %(agency)s") % {"agency": where},
        heading=_("Inviter til %(agency)s") % {"agency": where},
        button=_("Inviter"),
        intro=[_("De kan logge inn med en gang, og får hver sin e-post om det.")],
    )


def _invited(invited: Invited, agency: Agency, role: RoleName) -> str:
    """Who was invited; and by name who was there: "Ingen nye er invitert. a@example.org er … fra før." """
    given, held = invited
    if not given:
        said = _("Ingen nye er invitert.")
    elif len(given) == 1:
        said = _("%(who)s er invitert som %(role)s og får en e-post.") % {"who": given[0].person, "role": role.label}
    else:
        said = _("%(n)s er invitert som %(role)s og får hver sin e-post.") % {"n": len(given), "role": role.label}
    if not held:
        return said
    left = len(held) - HELD_IN_SIGHT
    named = held[:HELD_IN_SIGHT] + ([_("%(n)s til") % {"n": left}] if left > 0 else [])
    there = _("%(who)s er %(role)s i %(agency)s fra før.")
    return f"{said} {there % {'who': get_text_list(named, _('og')), 'role': role.label, 'agency': agency}}"


@may(Do.INVITE_TO_AGENCY, agency="agency")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: Request, slug: str, agency: str, role: int) -> HttpResponse:
    """Take a role from who holds it, after asking. Which roles, the verb says."""
    rollout, where = rollout_of(request, slug), get_object_or_404(Agency, slug=agency)
    held = get_object_or_404(Role.objects.select_related("person"), pk=role, agency=where)
    back = reverse("rollout:my-people", args=[rollout.slug, where.slug])
    about = {"who": held.person.email, "role": held.get_role_display(), "agency": where}
    form = Form(posted(request))
    if form.is_valid():
        with refusals_at(form):
            inviting.end_role(role=held, by=request.user, now=clock.now())
            return leave(request, back, _("%(who)s er ikke lenger %(role)s i %(agency)s.") % about)
    return ask(
        request,
        form,
        rollout=rollout,
        back=back,
        back_label=_("Folk i %(agency)s") % {"agency": where},
        heading=_("Avslutt rollen som %(role)s") % about,
        button=_("Avslutt rollen"),
        danger=True,
        intro=[
            _("%(who)s mister tilgangen som %(role)s i %(agency)s med en gang.") % about,
            _("Det personen har bekreftet og signert, står."),
            _("Du kan invitere samme person igjen senere."),
        ],
    )


def _gives(request: Request, agency: Agency) -> list[RoleName]:
    """The roles that the person may give here, the most asked for first."""
    gives: Iterable[RoleName] = inviting.may_give(request.user, agency)
    if not can(request, Do.INVITE_TO_AGENCY, agency=agency.slug):
        return []  # a lead who reads invites from the agency's own page
    return [role for role in reversed(ORDER) if role in gives]
