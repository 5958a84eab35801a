"""`/account/`: what I may do and where, how I sign in, and where I am signed in; with the pages for keys."""

import json

from allauth.account.decorators import reauthentication_required
from allauth.core.internal.httpkit import add_query_params
from allauth.mfa.base import views as mfa
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import flows as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions.adapter import get_adapter as sessions_adapter
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.forms import Field
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agencies.access import Request, held_by, only_for, page_here
from agencies.models import Role, RoleName
from agencies.second_step import RefusedToRemove, count_as_taken, is_demanded, keys_of, remove_key
from agencies.sign_in import signed_in_by

anybody = only_for(frozenset(RoleName))
page = require_http_methods(["GET", "HEAD", "POST"])


@anybody
@never_cache
@require_safe
def account(request: Request) -> HttpResponse:
    roles = Role.objects.current().filter(person=request.user).select_related("agency")
    sessions = [session for session in UserSession.objects.filter(user=request.user) if session.exists()]
    return render(
        request,
        "account/account.html",
        {
            "held": sorted(roles, key=lambda role: (role.agency.name_sort_key if role.agency else "", role.pk)),
            "signed_in_by": signed_in_by(request),
            "keys": keys_of(request.user),
            "codes": Authenticator.objects.filter(user=request.user, type=Authenticator.Type.RECOVERY_CODES).exists(),
            "must_have_key": RoleName.PROJECT_LEAD in held_by(request.user).central,
            "sessions": [
                (session, device(session.user_agent))
                for session in sorted(sessions, key=lambda s: (not s.is_current(), -s.created_at.timestamp()))
            ],
        },
    )


#: What a browser calls itself, and what people call it; the first that fits. Many name others they want to pass for.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """`Firefox på Windows`; what cannot be told is left out."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), _("Nettleser"))
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    return _("%(browser)s på %(system)s") % {"browser": browser, "system": system} if system else browser


@anybody
@never_cache
@require_safe
def second_step(request: Request) -> HttpResponse:
    """Choose what to set up: where a lead is led who signs in by code and has nothing yet."""
    return render(request, "account/second_step.html", {"next": _wanted(request), "demanded": is_demanded(request)})


@anybody
@require_POST
def end_session(request: Request, pk: int) -> HttpResponse:
    """End one of one's own sessions elsewhere: its next request is a stranger's."""
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    if session.is_current():
        return redirect("account_logout")
    sessions_adapter().end_sessions([session])
    messages.success(request, _("Innloggingen er avsluttet."))
    return redirect("account")


@anybody
@require_POST
def end_other_sessions(request: Request) -> HttpResponse:
    others = [session for session in UserSession.objects.filter(user=request.user) if not session.is_current()]
    sessions_adapter().end_sessions(others)
    messages.success(request, _("Du er logget ut alle andre steder."))
    return redirect("account")


@anybody
@reauthentication_required(app="allauth.mfa")
@never_cache
@page
def remove(request: Request, pk: int) -> HttpResponse:
    key = get_object_or_404(keys_of(request.user), pk=pk)
    if request.method != "POST":
        return render(request, "account/key_remove.html", {"key": key})
    try:
        remove_key(person=request.user, key=key)
    except RefusedToRemove:
        problem = _("Du er prosjektleder og må ha minst én nøkkel. Legg til en ny før du fjerner denne.")
        return render(request, "account/key_remove.html", {"key": key, "problem": problem}, status=409)
    messages.success(request, _("Nøkkelen er fjernet."))
    return redirect("account")


@anybody
@reauthentication_required(app="allauth.mfa")
@never_cache
@page
def recovery_codes(request: Request) -> HttpResponse:
    """Read the codes that are left; a POST makes new ones, and the old are dead."""
    held = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.RECOVERY_CODES).first()
    if request.method == "POST" and keys_of(request.user).exists():
        recovery.generate_recovery_codes(request)
        return redirect("mfa_view_recovery_codes")
    codes = held.wrap().get_unused_codes() if held else []
    context = {"codes": codes, "has_key": keys_of(request.user).exists(), "next": _wanted(request)}
    return render(request, "account/recovery_codes.html", context)


def _wanted(request: Request) -> str:
    return page_here(request.GET.get("next"))


def in_our_words(code: Field) -> None:
    code.label = _("Kode")
    code.error_messages["required"] = _("Skriv koden.")
    code.widget.attrs |= {"inputmode": "numeric", "placeholder": ""}


class AppForm(ActivateTOTPForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        in_our_words(self.fields["code"])


class AskForm(AuthenticateForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        in_our_words(self.fields["code"])


class ConfirmForm(ReauthenticateForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        in_our_words(self.fields["code"])


def after_adding(request, *, first: bool) -> str:
    """The key just added counts as used. With the first come the recovery codes, and then where one was going."""
    newest = keys_of(request.user).last()
    if newest is not None:
        count_as_taken(request, newest)
    if not first:
        return reverse("account")
    wanted = _wanted(request)
    return add_query_params(reverse("mfa_view_recovery_codes"), {"next": wanted} if wanted else {})


class AddPasskey(webauthn.AddWebAuthnView):
    template_name = "account/key_passkey.html"

    def get_context_data(self, **kwargs):
        found = super().get_context_data(**kwargs)
        return found | {"options": json.dumps(found["js_data"]["creation_options"])}

    def get_success_url(self):
        return after_adding(self.request, first=self.did_generate_recovery_codes)


class AddApp(totp.ActivateTOTPView):
    template_name, form_class = "account/key_app.html", AppForm

    def dispatch(self, request, *args, **kwargs):
        if keys_of(request.user).filter(type=Authenticator.Type.TOTP).exists():
            messages.info(request, _("Du har alt en app. Fjern den først hvis du vil bytte."))
            return redirect("account")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        found = super().get_context_data(**kwargs)
        return found | {"picture": found["totp_svg"].partition("?>")[2]}  # within a page there is no XML declaration

    def get_success_url(self):
        return after_adding(self.request, first=self.did_generate_recovery_codes)


class Authenticate(mfa.AuthenticateView):
    """The second step of a sign-in."""

    template_name, form_class = "account/key_ask.html", AskForm

    def get_context_data(self, **kwargs):
        found = super().get_context_data(**kwargs)
        types = set(keys_of(self.stage.login.user).values_list("type", flat=True))
        return found | {"options": json.dumps(found["js_data"]["request_options"]), "types": types}


class Confirm(mfa.ReauthenticateView):
    """Before keys are changed: with a code."""

    template_name, form_class = "account/key_confirm.html", ConfirmForm


class ConfirmPasskey(webauthn.ReauthenticateWebAuthnView):
    """Before keys are changed: with a passkey."""

    template_name = "account/key_confirm.html"

    def get_context_data(self, **kwargs):
        found = super().get_context_data(**kwargs)
        return found | {"options": json.dumps(found["js_data"]["request_options"]), "passkey": True}

    def form_invalid(self, form):
        messages.error(self.request, _("Nøkkelen passer ikke. Prøv igjen."))
        return redirect("mfa_reauthenticate_webauthn")


add_passkey = anybody(never_cache(page(AddPasskey.as_view())))
add_app = anybody(never_cache(page(AddApp.as_view())))
confirm = anybody(never_cache(page(Confirm.as_view())))
confirm_passkey = anybody(never_cache(page(ConfirmPasskey.as_view())))
authenticate = page(Authenticate.as_view())
