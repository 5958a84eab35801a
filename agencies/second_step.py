"""The second step of a sign-in by code: a passkey or an authenticator app. A project lead must have one.

Asked for only after a one-time code: the municipality's own issuer has its own second step, and the demo has none. A
lead who signs in by code and has none yet reaches the pages where it is set up, and nothing else.
"""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm
from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.http import HttpResponseClientRedirect
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from agencies.access import held_by, roles_of
from agencies.models import Person, RoleName
from agencies.sign_in import BY_CODE, SIGNED_IN_BY, by_oidc

KEYS = (Authenticator.Type.WEBAUTHN, Authenticator.Type.TOTP)
#: What a lead reaches before the second step: setting it up, taking it, signing out.
OPEN = {
    "account-second-step",
    "account_logout",
    "healthz",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
}


class KeyAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("Koden eller nøkkelen passer ikke. Prøv igjen."),
    }

    def _get_site_name(self) -> str:
        return "Puljeplan"

    def generate_authenticator_name(self, user, type) -> str:
        return _("Passnøkkel %(number)s") % {"number": keys_of(user).count() + 1}


class PasskeyField(forms.JSONField):
    """What the browser's passkey answered. allauth takes for granted that it can be read, and fails where it cannot."""

    widget = forms.HiddenInput

    def __init__(self, answer: type[RegistrationResponse | AuthenticationResponse]):
        super().__init__(error_messages={"required": KeyAdapter.error_messages["incorrect_code"]})
        self.answer = answer

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
            if found not in self.empty_values:
                self.answer.from_dict(found)
        except (forms.ValidationError, KeyError, RecursionError, TypeError, ValueError):
            raise forms.ValidationError(self.error_messages["required"], code="incorrect_code") from None
        return found


class AddPasskeyForm(AddWebAuthnForm):
    credential = PasskeyField(RegistrationResponse)


class AskForPasskeyForm(AuthenticateWebAuthnForm):
    credential = PasskeyField(AuthenticationResponse)


class ConfirmPasskeyForm(ReauthenticateWebAuthnForm):
    credential = PasskeyField(AuthenticationResponse)


class AskForKey(AuthenticateStage):
    """allauth's stage of a sign-in, left out after OpenID Connect."""

    def _should_handle(self, request) -> bool:
        return not by_oidc(self.login.signal_kwargs) and super()._should_handle(request)


def keys_of(person):
    """The passkeys and the app of a person, in the order they came."""
    return Authenticator.objects.filter(user_id=person.pk, type__in=KEYS).order_by("pk")


def is_demanded(request: HttpRequest) -> bool:
    """Whether the person behind the request has yet to take the second step in this session."""
    if request.session.get(SIGNED_IN_BY) != BY_CODE or RoleName.PROJECT_LEAD not in roles_of(request).central:
        return False
    return not any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


def count_as_taken(request: HttpRequest, key: Authenticator) -> None:
    """Who has just set a key up need not use it at once."""
    record_authentication(request, request.user, "mfa", id=key.pk, type=key.type, reauthenticated=True)


class RefusedToRemove(Exception):
    """A lead's last key stays."""


@transaction.atomic
def remove_key(*, person: Person, key: Authenticator) -> None:
    """Take the key away, and the recovery codes with the last one.

    Raises:
        RefusedToRemove: it is a project lead's last.
    """
    Person.objects.select_for_update().get(pk=person.pk)  # two removals at once would each see the other's key
    left = keys_of(person).exclude(pk=key.pk).exists()
    if not left and RoleName.PROJECT_LEAD in held_by(person).central:
        raise RefusedToRemove
    key.delete()
    if not left:
        Authenticator.objects.filter(user_id=person.pk).delete()


class SecondStepMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs) -> HttpResponse | None:
        """Stands before every view there is, so that a new page needs to do nothing for it."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or request.resolver_match.view_name in OPEN:
            return None
        if not request.user.is_authenticated or not is_demanded(request):
            return None
        ways = get_adapter().get_reauthentication_methods(request.user)
        page = ways[0]["url"] if ways else reverse("account-second-step")
        if request.htmx:
            return HttpResponseClientRedirect(page)
        wanted = {"next": request.get_full_path()} if request.method in ("GET", "HEAD") else {}
        return redirect(f"{page}?{urlencode(wanted)}" if wanted else page)
