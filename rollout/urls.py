"""Every address of the site. Pages of a plan live under /r/<slug>/; short addresses lead to the active rollout."""

from django.urls import include, path, re_path

from rollout.views import health, home

plan = [
    path("", home.home, name="home"),
    re_path(r"^(?:board|waves|my|mail|status|import|agencies/[^/]+/plan)/", home.short, name="short"),
]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("", include("agencies.urls")),
    path("", include((plan, "rollout"))),
]
