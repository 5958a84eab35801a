"""The site, and beside it a page that asks for a proved address as the commitments' pages do."""

from django.http import HttpResponse
from django.urls import path

from agencies import oidc
from rollout.urls import urlpatterns as site


def start(request):
    return oidc.prove_address(request, "/proving/answer/")


def answer(request):
    return HttpResponse(oidc.proven_address(request) or "ingen")


urlpatterns = [path("proving/", start), path("proving/answer/", answer), *site]
