"""Every address of the site. Pages of a plan live under /r/<slug>/; short addresses lead to the active rollout."""

from django.urls import include, path, re_path

from rollout.views import board, health, home, mail, status

plan = [
    path("", home.home, name="home"),
    path("r/<slug:slug>/board/", board.show, name="board"),
    path("r/<slug:slug>/board/move/<slug:agency>/", board.move, name="board-move"),
    path("r/<slug:slug>/board/join/", board.join, name="board-join"),
    path("r/<slug:slug>/board/new-wave/", board.new_wave, name="wave-new"),
    path("r/<slug:slug>/board/proposed-plan/", board.apply_proposed_plan, name="proposed-plan"),
    path("r/<slug:slug>/mail/", mail.index, name="mail"),
    path("r/<slug:slug>/mail/<int:pk>/", mail.message, name="mail-message"),
    path("r/<slug:slug>/mail/<int:pk>/html/", mail.html, name="mail-html"),
    path("r/<slug:slug>/mail/<int:pk>/settle/", mail.settle, name="mail-settle"),
    path("r/<slug:slug>/status/", status.index, name="status-index"),
    path("r/<slug:slug>/status/coming/", status.preview, name="status-preview"),
    path("r/<slug:slug>/status/<str:week>/", status.show, name="status"),
    re_path(r"^(?:board|waves|my|mail|status|import|agencies/[^/]+/plan)/", home.short, name="short"),
]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("", include("agencies.urls")),
    path("", include((plan, "rollout"))),
]
