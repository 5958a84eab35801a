"""Who may do what: one table, and the decorator that asks it.

    @may(Do.CHANGE_PLAN)
    def move(request, slug): ...

    @may(Do.SEE_COURSE, post=Do.ACT_FOR_AGENCY, agency="agency")      # the URL argument with the agency's slug
    def guidelines(request, slug, agency): ...

Anonymous visitors are led to the sign-in page, the wrong role gets 403 with a sentence that says who may, and
another agency's page is not there (404). Roles are read per request (`agencies.access`).
"""

from enum import Enum, auto
from functools import wraps

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agencies.access import SEES_AGENCIES, SEES_OWN_AGENCY, Request, only_for, roles_of
from agencies.models import RoleName

LEAD = frozenset({RoleName.PROJECT_LEAD})
CENTRAL = SEES_AGENCIES
#: Who acts for an agency: the chief or a deputy confirms, the head may too (product.md, the people).
ACTS_FOR_AGENCY = frozenset({RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF, RoleName.DEPUTY})
AT_AGENCY = ACTS_FOR_AGENCY | {RoleName.KEY_PERSON}


class Do(Enum):
    """Something a person may do in the plan."""

    ENTER = auto()  # be here at all, with any current role
    SEE_PLAN = auto()  # board, waves
    CHANGE_PLAN = auto()  # move, add a wave, set dates, decide, release, join
    SEE_STATUS = auto()
    SEE_MAIL = auto()
    SETTLE_MAIL = auto()
    MANAGE_MAIL = auto()  # hold it all, let it go, send again, correct an address
    IMPORT = auto()
    SEE_COURSE = auto()  # the agency's own steps, at /my/
    ACT_FOR_AGENCY = auto()  # confirm a step, state key people, sign, confirm readiness
    INVITE_TO_AGENCY = auto()  # to one's own, into the roles that `inviting.MAY_INVITE` gives one
    STATE_FUNDING = auto()
    APPROVE_FUNDING = auto()
    ASK_LEADS = auto()  # for another date, or to join
    ANSWER_AGENCIES = auto()  # what they ask for; and to question what they state
    SEE_AGENCY_PLAN = auto()  # the plan part of the agency's page
    SET_FUNDING = auto()
    WAIVE = auto()
    EDIT_AGENCY = auto()  # its figures and words, and who has a role there
    SEE_ARCHIVE = auto()  # take out what the archive is to keep of an agency
    SET_CASE = auto()
    ERASE_PEOPLE = auto()  # others; oneself needs no more than being here


#: Roles held at an agency give leave for that agency only.
WHO_MAY: dict[Do, frozenset[RoleName]] = {
    Do.ENTER: frozenset(RoleName),
    Do.SEE_PLAN: CENTRAL,
    Do.CHANGE_PLAN: LEAD,
    Do.SEE_STATUS: CENTRAL,
    Do.SEE_MAIL: LEAD,
    Do.SETTLE_MAIL: LEAD,
    Do.MANAGE_MAIL: LEAD,
    Do.IMPORT: LEAD,
    Do.SEE_COURSE: AT_AGENCY | LEAD,
    Do.ACT_FOR_AGENCY: ACTS_FOR_AGENCY,
    Do.INVITE_TO_AGENCY: ACTS_FOR_AGENCY,
    Do.STATE_FUNDING: ACTS_FOR_AGENCY,
    Do.APPROVE_FUNDING: frozenset({RoleName.AGENCY_HEAD}),
    Do.ASK_LEADS: ACTS_FOR_AGENCY,
    Do.ANSWER_AGENCIES: LEAD,
    Do.SEE_AGENCY_PLAN: CENTRAL | SEES_OWN_AGENCY,
    Do.SET_FUNDING: LEAD,
    Do.WAIVE: LEAD,
    Do.EDIT_AGENCY: LEAD,
    Do.SEE_ARCHIVE: LEAD | {RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF},
    Do.SET_CASE: LEAD,
    Do.ERASE_PEOPLE: LEAD,
}

ONLY_LEADS = _("Bare prosjektlederen kan gjøre dette. Spør prosjektlederen hvis det må gjøres.")
OTHERWISE = {
    Do.SEE_PLAN: _(
        "Tavlen og puljene er for prosjektlederen, sponsoren og lesere. Din del finner du under «Min virksomhet»."
    ),
    Do.SEE_STATUS: _("Ukestatusen er for prosjektlederen, sponsoren og lesere."),
    Do.SEE_MAIL: _("Bare prosjektlederen kan se sendt e-post."),
    Do.SEE_COURSE: _("Denne siden er for virksomhetens egne folk. Bruk virksomhetens side i stedet."),
    Do.ACT_FOR_AGENCY: _(
        "Bare virksomhetslederen, kommunikasjonssjefen og stedfortredere kan bekrefte og signere for virksomheten."
    ),
    Do.SEE_ARCHIVE: _("Arkivet er for prosjektlederen og for virksomhetens egen leder og kommunikasjonssjef."),
    Do.INVITE_TO_AGENCY: _(
        "Bare virksomhetslederen, kommunikasjonssjefen og stedfortredere kan invitere til virksomheten herfra."
    ),
    Do.STATE_FUNDING: _(
        "Bare virksomhetslederen, kommunikasjonssjefen og stedfortredere kan oppgi hva virksomheten har finansiert."
    ),
    Do.APPROVE_FUNDING: _("Bare virksomhetslederen kan godkjenne finansieringen."),
    Do.ASK_LEADS: _("Bare virksomhetslederen, kommunikasjonssjefen og stedfortredere kan be om dette."),
    Do.SEE_AGENCY_PLAN: _("Denne siden er for virksomhetens ledere. Stegene finner du under «Min virksomhet»."),
}


def may(do: Do, *, agency: str | None = None, post: Do | None = None):
    """Let in those who may `do` it; `agency` names the URL argument with the agency's slug. Put it outermost.

    `post`: what a POST to the same page takes, where reading it takes less.
    """

    def decorator(view):
        reads = only_for(WHO_MAY[do], agency=agency, otherwise=OTHERWISE.get(do, ONLY_LEADS))(view)
        if post is None:
            return reads
        posts = only_for(WHO_MAY[post], agency=agency, otherwise=OTHERWISE.get(post, ONLY_LEADS))(view)

        @wraps(view)
        def by_method(request: Request, *args, **kwargs):
            return (posts if request.method == "POST" else reads)(request, *args, **kwargs)

        return by_method

    return decorator


def can(request: HttpRequest, do: Do, *, agency: str | None = None) -> bool:
    """Whether the person behind the request may do it: for showing a button, never instead of `may`."""
    return roles_of(request).any_of(WHO_MAY[do], agency=agency)
