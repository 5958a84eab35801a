"""Sign-in and the agencies' pages.

Of allauth only asking for a code, typing it and signing out have an address: its other pages do not exist here.
Its views find each other by these names, so the two first have two names for one page.
"""

from allauth.account import views as allauth
from django.urls import include, path
from django.views.decorators.http import require_http_methods

from agencies import views

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
    path("sign-in/oidc/", views.oidc_start, name="oidc-start"),
    path("sign-in/oidc/callback/", views.oidc_callback, name="oidc-callback"),
    path("sign-in/demo/", views.demo_sign_in, name="demo-sign-in"),
    path("sign-out/", page(allauth.logout), name="account_logout"),
    path("", include((pages, "agencies"))),
]
