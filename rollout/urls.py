"""Every address of the site."""

from django.urls import path

from rollout.views import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
]
