"""Sign-in, one's own account, and the agencies' pages.

Of allauth only asking for a code, typing it, signing out, and what keys need have an address: its other pages do not
exist here.
Its views find each other by these names, so the two first have two names for one page.
"""

from allauth.account import views as allauth
from django.urls import include, path
from django.views.decorators.http import require_http_methods

from agencies import account, views

#: allauth's form views would take a PUT for a POST.
page = require_http_methods(["GET", "HEAD", "POST"])

pages = [
    path("agencies/", views.agency_list, name="list"),
    path("agencies/<slug:agency>/", views.agency_page, name="agency"),
]

urlpatterns = [
    path("sign-in/", page(views.sign_in), name="account_login"),
    path("sign-in/", page(views.sign_in), name="account_request_login_code"),
    path("sign-in/code/", page(allauth.confirm_login_code), name="account_confirm_login_code"),
    path("sign-in/key/", account.authenticate, name="mfa_authenticate"),
    path("sign-in/oidc/", views.oidc_start, name="oidc-start"),
    path("sign-in/oidc/callback/", views.oidc_callback, name="oidc-callback"),
    path("sign-in/demo/", views.demo_sign_in, name="demo-sign-in"),
    path("sign-out/", page(allauth.logout), name="account_logout"),
    path("account/", account.account, name="account"),
    path("account/", account.account, name="mfa_index"),
    path("account/second-step/", account.second_step, name="account-second-step"),
    path("account/confirm/", account.confirm, name="mfa_reauthenticate"),
    path("account/confirm/passkey/", account.confirm_passkey, name="mfa_reauthenticate_webauthn"),
    path("account/keys/passkey/", account.add_passkey, name="mfa_add_webauthn"),
    path("account/keys/app/", account.add_app, name="mfa_activate_totp"),
    path("account/keys/codes/", account.recovery_codes, name="mfa_view_recovery_codes"),
    path("account/keys/<int:pk>/remove/", account.remove, name="account-key-remove"),
    path("account/sessions/<int:pk>/end/", account.end_session, name="account-session-end"),
    path("account/sessions/end-others/", account.end_other_sessions, name="account-sessions-end"),
    path("", include((pages, "agencies"))),
]
