"""OpenID Connect: signing in, or only proving a work address, at an issuer the municipality trusts.

Code flow with PKCE, state and nonce, by allauth's client. Configured by the environment alone (`OIDC_…` in settings);
without an issuer none of this has an address. Who somebody is, is the issuer together with the subject: the database
holds the pair unique, so another issuer's subject is somebody else, whatever it is called. Of all that the issuer tells
only four claims get past `_claims`: `pid` and the rest are dropped before anything is looked up or stored, and no token
is kept.
"""

import functools
import logging
import secrets
import time
from typing import Any

import jwt
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.socialaccount.internal import statekit
from allauth.socialaccount.models import SocialAccount, SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from requests import RequestException

from agencies.access import page_here
from agencies.models import Person
from agencies.sign_in import BY_OIDC, invited

logger = logging.getLogger(__name__)

SIGN_IN, PROVE = "login", "prove"
PROVEN = "proven_address"
PROVEN_LASTS = 30 * 60  # seconds
CONFIGURATION_LASTS = 5 * 60  # seconds
#: All that is read of what the issuer says.
CLAIMS = ("iss", "sub", "email", "email_verified")
#: Signed with the issuer's own key; never with the secret both sides share, and never unsigned.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class OidcFailed(Exception):
    """The round trip came to nothing: the issuer did not answer, said no, or answered what cannot be trusted."""


class _Adapter(OpenIDConnectOAuth2Adapter):
    def get_provider(self):
        return _provider(self.request)

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the issuer publishes about itself, asked for again after some minutes."""
        ours, key = settings.OIDC_ISSUER, f"oidc:{settings.OIDC_ISSUER}"
        known: dict[str, Any] | None = cache.get(key)
        if known is None:
            known = super().openid_config
            cache.set(key, known, CONFIGURATION_LASTS)
        if known.get("issuer") != ours:
            raise OAuth2Error(f"OIDC_ISSUER is {ours}, but the server calls itself {known.get('issuer')}")
        return known

    def get_callback_url(self, request, app) -> str:
        return request.build_absolute_uri(reverse("oidc-callback"))


class _Provider(OpenIDConnectProvider):
    oauth2_adapter_class = _Adapter


def _provider(request: HttpRequest) -> _Provider:
    app = SocialApp(
        provider="openid_connect",
        provider_id="oidc",
        name=settings.OIDC_NAME,
        client_id=settings.OIDC_CLIENT_ID,
        secret=settings.OIDC_CLIENT_SECRET,
        settings={
            "server_url": settings.OIDC_ISSUER.rstrip("/"),
            "oauth_pkce_enabled": True,
            "scope": settings.OIDC_SCOPES,
        },
    )
    return _Provider(request, app=app)


def is_offered() -> bool:
    """Whether an issuer is configured."""
    return bool(settings.OIDC_ISSUER)


def leave(request: HttpRequest, *, process: str = SIGN_IN, next_url: str = "") -> HttpResponse:
    """A page that leads on to the issuer. Call it for a POST only: it remembers state, nonce and PKCE verifier.

    A page and no redirect: the content security policy lets a form lead to this site only, and the browser holds
    every redirect that follows to that.

    Raises:
        OidcFailed: the issuer does not answer, or is not who the settings say.
    """
    nonce = secrets.token_urlsafe(24)
    asked = {"nonce": nonce}
    if settings.OIDC_ACR_VALUES:
        asked["acr_values"] = settings.OIDC_ACR_VALUES
    try:
        away = _provider(request).redirect(request, process, page_here(next_url), auth_params=asked, nonce=nonce)
    except (OAuth2Error, RequestException, KeyError) as problem:
        logger.exception("The OpenID Connect issuer could not be asked")
        raise OidcFailed from problem
    return render(request, "account/oidc_leave.html", {"address": away["Location"], "name": settings.OIDC_NAME})


def prove_address(request: HttpRequest, next_url: str) -> HttpResponse:
    """For a POST: lead to the issuer to prove a work address, and back to `next_url` (a path on this site).

    Nobody is signed in and nothing is stored: `proven_address` reads the answer from the session.

    Raises:
        OidcFailed: the issuer does not answer.
    """
    return leave(request, process=PROVE, next_url=next_url)


def proven_address(request: HttpRequest) -> str | None:
    """The verified address that this session has proved in the last half hour, in lower case; else None."""
    proven = request.session.get(PROVEN)
    if not proven or time.time() - proven["at"] > PROVEN_LASTS:
        return None
    return cache.get(_where(proven["word"]))


def forget_proven_address(request: HttpRequest) -> None:
    """For when it has been used. Of one who is not signed in, no session is left either."""
    proven = request.session.pop(PROVEN, None)
    if proven:
        cache.delete(_where(proven["word"]))
        if not request.user.is_authenticated:
            request.session.flush()


def _where(word: str) -> str:
    return f"proven:{word}"


def came_back(request: HttpRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was remembered on leaving, and the claims. Each state is used once, whatever comes of it.

    Raises:
        OidcFailed: no such state in this session, the issuer said no, or its answer cannot be trusted. Its argument
            is what was remembered, as far as there is anything.
    """
    state = statekit.unstash_state(request, provider_id="oidc", state_id=request.GET.get("state", ""))
    if state is None:
        raise OidcFailed({})
    if "code" not in request.GET:
        raise OidcFailed(state)
    try:
        return state, _claims(request, state)
    except (OAuth2Error, RequestException, jwt.PyJWTError, KeyError, TypeError, ValueError) as problem:
        logger.exception("The OpenID Connect issuer's answer was not accepted")
        raise OidcFailed(state) from problem


def _claims(request: HttpRequest, state: dict[str, Any]) -> dict[str, Any]:
    """The four claims we read, from an ID token that this issuer signed, for us, in answer to this very question."""
    provider = _provider(request)
    adapter = provider.get_oauth2_adapter(request)
    client = adapter.get_client(request, provider.app)
    token = client.get_access_token(request.GET["code"], pkce_code_verifier=state["pkce_code_verifier"])
    keys = _keys(adapter.openid_config["jwks_uri"])
    claims = jwt.decode(
        token["id_token"],
        keys.get_signing_key_from_jwt(token["id_token"]).key,
        algorithms=ALGORITHMS,
        audience=settings.OIDC_CLIENT_ID,
        issuer=settings.OIDC_ISSUER,
        leeway=60,
        options={"require": ["iss", "sub", "aud", "exp", "iat"]},
    )
    if not constant_time_compare(str(claims.get("nonce", "")), state["nonce"]):
        raise OAuth2Error("The nonce is another")
    if "email" not in claims and "userinfo_endpoint" in adapter.openid_config:
        told = adapter._fetch_user_info(token["access_token"])
        if told.get("sub") != claims["sub"]:
            raise OAuth2Error("The user info is about somebody else")
        claims = told | claims
    return {name: claims[name] for name in CLAIMS if name in claims}


@functools.lru_cache(maxsize=4)
def _keys(address: str) -> jwt.PyJWKClient:
    """The issuer's keys, asked for again when they are some minutes old or one is missing."""
    return jwt.PyJWKClient(address, timeout=5)


def verified_address(claims: dict[str, Any]) -> str | None:
    """The address in the claims, in lower case, if it proves anything.

    The issuer says `email_verified`, or says nothing of it and the address is at one of `OIDC_EMAIL_DOMAINS`: domains
    whose addresses this issuer hands out itself. `email_verified: false` always means no.
    """
    email = str(claims.get("email") or "").strip().lower()
    if "@" not in email:
        return None
    told = claims.get("email_verified")
    trusted = told is None and email.rpartition("@")[2] in settings.OIDC_EMAIL_DOMAINS
    return email if trusted or told in (True, "true") else None


@transaction.atomic
def person_behind(claims: dict[str, Any]) -> Person | None:
    """The person linked to this issuer's subject; at the first sign-in the one invited at the verified address.

    None: nobody, and nothing is written. One who is linked already is not linked again to another subject of the same
    issuer: an address may have gone to a new colleague (`manage.py reset_sign_in` lets the next one in).
    """
    issuer, subject = claims["iss"], str(claims["sub"])
    link = SocialAccount.objects.select_related("user").filter(provider=issuer, uid=subject).first()
    if link is not None:
        return link.user
    email = verified_address(claims)
    person = invited(email) if email else None
    if person is None:
        return None
    Person.objects.select_for_update().get(pk=person.pk)
    if SocialAccount.objects.filter(user=person, provider=issuer).exclude(uid=subject).exists():
        logger.warning("Person %s is linked to another subject of %s already", person.pk, issuer)
        return None
    SocialAccount.objects.get_or_create(provider=issuer, uid=subject, defaults={"user": person})
    return person


def remember_proven(request: HttpRequest, claims: dict[str, Any]) -> bool:
    """Keep the verified address in Valkey alone, under a word that the session knows. False: the claims hold none.

    Sessions lie in the database too, where no address of an employee is to be.
    """
    email = verified_address(claims)
    if email:
        word = secrets.token_urlsafe(16)
        cache.set(_where(word), email, PROVEN_LASTS)
        request.session[PROVEN] = {"word": word, "at": time.time()}
    return bool(email)


def sign_in(request: HttpRequest, person: Person, *, next_url: str | None) -> HttpResponse:
    """Sign the person in, if a role is held; `InvitedOnlyAdapter` decides."""
    if request.user.is_authenticated and request.user != person:
        request.session.flush()
    return perform_login(request, Login(user=person, redirect_url=next_url, signal_kwargs={"signed_in_by": BY_OIDC}))
