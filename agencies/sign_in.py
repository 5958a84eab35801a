"""Signing in: by a one-time code to the work e-mail, for those who were invited and nobody else.

The page says the same whether an address is known or not, and nothing is sent to an unknown one. In the demo the page
offers each role with one press instead (`enter_demo_role`).
"""

import logging
import smtplib
from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from allauth.core import context, ratelimit
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies import limits
from agencies.models import Person, Role, RoleName

logger = logging.getLogger(__name__)

SIGNED_IN_BY = "signed_in_by"
#: How somebody signed in: a one-time code to the address, the municipality's own issuer, or one press in the demo.
BY_CODE, BY_OIDC, BY_DEMO, UNKNOWN = "code", "oidc", "demo", "unknown"
BACKEND = "agencies.backends.PersonBackend"


def invited(email: str) -> Person | None:
    """The person with this address who holds a role now; None for everybody else."""
    people = Person.objects.filter(email=email.strip().lower(), is_active=True, roles__in=Role.objects.current())
    return people.distinct().first()


def signed_in_by(request: HttpRequest) -> str:
    """How the person behind the request signed in, one of the four words above; a sign-off records it (rule 5)."""
    return request.session.get(SIGNED_IN_BY, UNKNOWN)


def not_invited() -> str:
    """For somebody who has proved who they are, and is not let in. The sign-in page says below whom to ask."""
    return _("Du har ingen rolle i Puljeplan nå, så du kommer ikke inn. Spør prosjektlederen.")


def by_oidc(signal_kwargs: dict[str, Any] | None) -> bool:
    """Whether a login that carries these words came from `agencies.oidc.sign_in`."""
    return (signal_kwargs or {}).get("signed_in_by") == BY_OIDC


class InvitedOnlyAdapter(DefaultAccountAdapter):
    """Nobody signs up: a project lead invites (`manage.py invite`)."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": gettext_lazy("Koden er feil. Skriv den slik den står i e-posten."),
        "too_many_login_attempts": gettext_lazy("Det ble for mange forsøk. Vent litt, og be om en ny kode."),
        "rate_limited": gettext_lazy("Det ble for mange forsøk. Vent litt, og prøv igjen."),
    }

    def is_open_for_signup(self, request):
        return False

    def pre_login(self, request, user, **kwargs):
        """Refuse whoever lost the last role, or was closed, between asking for the code and typing it."""
        if invited(user.email) == user:
            return None
        request.session.flush()  # the code is spent
        messages.error(request, not_invited())
        return redirect("account_login")

    def login(self, request, user):
        super().login(request, user)
        request.session[SIGNED_IN_BY] = BY_CODE

    def post_login(self, request, user, *, signal_kwargs, **kwargs):
        if by_oidc(signal_kwargs):
            request.session[SIGNED_IN_BY] = BY_OIDC
        response = super().post_login(request, user, signal_kwargs=signal_kwargs, **kwargs)
        limits.remember_browser(request, response, user.email)
        return response

    def get_login_stages(self):
        ours = {"allauth.mfa.stages.AuthenticateStage": "agencies.second_step.AskForKey"}
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def is_login_by_code_required(self, login):
        return not by_oidc(login.signal_kwargs) and super().is_login_by_code_required(login)

    def get_reauthentication_methods(self, user):
        """The passkey first, where there is one: it takes one press."""
        methods = super().get_reauthentication_methods(user)
        return sorted(methods, key=lambda method: method["id"] != "mfa_reauthenticate:webauthn")

    def render_mail(self, template_prefix, email, context, headers=None):
        return super().render_mail(template_prefix, email, context, {"Auto-Submitted": "auto-generated"})

    def send_mail(self, template_prefix, email, context):
        """Send the code. A mail server that is down must not tell known addresses from unknown ones."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, smtplib.SMTPException):
            logger.exception("The sign-in code could not be sent")


class SignInForm(RequestLoginCodeForm):
    """Takes an address; the code goes only to a person with a current role."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-postadresse")
        self.fields["email"].error_messages["required"] = _("Skriv e-postadressen din.")
        self.fields["email"].widget.attrs |= {"autocomplete": "email", "placeholder": ""}

    def clean_email(self):
        email = self.cleaned_data["email"].strip().lower()
        request = context.request
        if not ratelimit.consume(request, action="request_login_code", key=limits.share_of(request, email)):
            raise get_adapter().validation_error("too_many_login_attempts")
        self._user = invited(email)
        return email


class CodeForm(ConfirmLoginCodeForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Engangskode")
        self.fields["code"].error_messages["required"] = _("Skriv koden fra e-posten.")
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "autocapitalize": "off", "placeholder": ""}


CHIEF = RoleName.COMMUNICATION_CHIEF


@dataclass(frozen=True)
class DemoRole:
    """A role the demo's sign-in page offers with one press."""

    key: str
    label: Promise
    role: RoleName
    agency: str | None = None

    @property
    def person(self) -> Person | None:
        held = Role.objects.current().filter(role=self.role, agency__slug=self.agency, person__is_active=True)
        first = held.select_related("person").order_by("id").first()
        return first.person if first else None


DEMO_ROLES = (
    DemoRole("lead", gettext_lazy("Prosjektleder"), RoleName.PROJECT_LEAD),
    DemoRole("chief-kli", gettext_lazy("Kommunikasjonssjef i Klimaetaten"), CHIEF, "kli"),
    DemoRole("chief-vav", gettext_lazy("Kommunikasjonssjef i Vann- og avløpsetaten"), CHIEF, "vav"),
    DemoRole("head-kli", gettext_lazy("Virksomhetsleder i Klimaetaten"), RoleName.AGENCY_HEAD, "kli"),
    DemoRole("sponsor", gettext_lazy("Sponsor"), RoleName.SPONSOR),
)


def enter_demo_role(request: HttpRequest, key: str) -> Person | None:
    """Sign in as the demo's holder of that role, without a code. None: no such role, or nobody holds it."""
    person = next((offered.person for offered in DEMO_ROLES if offered.key == key), None)
    if person is not None:
        login(request, person, backend=BACKEND)
        request.session[SIGNED_IN_BY] = BY_DEMO
        UserSession.objects.create_from_request(request)
    return person
