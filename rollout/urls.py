"""Every address of the site. Pages of a plan live under /r/<slug>/; short addresses lead to the active rollout."""

from django.urls import include, path, re_path

from rollout.views import (
    <<<<<<< HEAD
    <<<<<<< HEAD
    agency_plan,
    <<<<<<< HEAD
    mail,
    <<<<<<< HEAD
    overview,
    =======
    agency_edit,
    =======
    agency_plan,
    =======
    licences,
    =======
    rollouts,
    >>>>>>> agency
    demo,
    >>>>>>> agency
    waves,
    >>>>>>> history,
    >>>>>>> history
    home,
    agency_plan,
    board,
    board_live,
    demo,
    health,
    history,
    importing,
    mail,
    mypage,
    status,
    undoing,
    waves,
)

plan = [
    path("", home.home, name="home"),
    path("demo/step/", demo.demo_step, name="demo-step"),
    path("r/<slug:slug>/", overview.show, name="overview"),
    path("r/<slug:slug>/seen/", overview.seen, name="seen"),
    path("r/<slug:slug>/board/", board.show, name="board"),
    path("r/<slug:slug>/board/changes/", board_live.changes, name="board-changes"),
    path("r/<slug:slug>/board/move/<slug:agency>/", board.move, name="board-move"),
    path("r/<slug:slug>/board/move/<slug:agency>/effect/", board_live.effect, name="board-effect"),
    path("r/<slug:slug>/board/join/", board.join, name="board-join"),
    path("r/<slug:slug>/board/new-wave/", board.new_wave, name="wave-new"),
    path("r/<slug:slug>/board/proposed-plan/", board.apply_proposed_plan, name="proposed-plan"),
    path("r/<slug:slug>/undo/<uuid:change>/", undoing.undo, name="undo"),
    path("r/<slug:slug>/import/", importing.show, name="import"),
    path("r/<slug:slug>/import/try/", importing.try_out, name="import-try"),
    path("r/<slug:slug>/import/run/", importing.run, name="import-run"),
    path("r/<slug:slug>/import/list.<str:suffix>", importing.download, name="import-list"),
    path("r/<slug:slug>/waves/<int:number>/", waves.show, name="wave"),
    path("r/<slug:slug>/waves/<int:number>/go/", waves.go, name="wave-go"),
    path("r/<slug:slug>/waves/<int:number>/stop/", waves.stop, name="wave-stop"),
    path("r/<slug:slug>/waves/<int:number>/dates/", waves.dates, name="wave-dates"),
    path("r/<slug:slug>/waves/<int:number>/defer/<slug:agency>/", waves.defer, name="wave-defer"),
    path("r/<slug:slug>/waves/<int:number>/release/<slug:agency>/", waves.release, name="wave-release"),
    path("r/<slug:slug>/waves/<int:number>/mail/<int:place>/", waves.mail_html, name="wave-mail"),
    path("r/<slug:slug>/history/", history.show, name="history"),
    path("rollouts/", rollouts.index, name="rollouts"),
    path("rollouts/<slug:slug>/activate/", rollouts.activate, name="rollout-activate"),
    path("rollouts/<slug:slug>/copy/", rollouts.copy, name="rollout-copy"),
    path("r/<slug:slug>/mail/", mail.index, name="mail"),
    path("r/<slug:slug>/mail/<int:pk>/", mail.message, name="mail-message"),
    path("r/<slug:slug>/mail/<int:pk>/html/", mail.html, name="mail-html"),
    path("r/<slug:slug>/mail/<int:pk>/settle/", mail.settle, name="mail-settle"),
    path("r/<slug:slug>/status/", status.index, name="status-index"),
    path("r/<slug:slug>/status/coming/", status.preview, name="status-preview"),
    path("r/<slug:slug>/status/<str:week>/", status.show, name="status"),
    path("r/<slug:slug>/my/", mypage.my, name="my"),
    path("r/<slug:slug>/my/<slug:agency>/", mypage.course, name="my-course"),
    path("r/<slug:slug>/my/<slug:agency>/steps/<int:number>/", mypage.step, name="my-step"),
    path("r/<slug:slug>/my/<slug:agency>/key-people/", mypage.key_people, name="my-key-people"),
    path("r/<slug:slug>/my/<slug:agency>/guidelines/", mypage.guidelines, name="my-guidelines"),
    path("r/<slug:slug>/my/<slug:agency>/ready/", mypage.ready, name="my-ready"),
    path("r/<slug:slug>/agencies/<slug:agency>/plan/", agency_plan.agency_plan, name="agency-plan"),
    path("r/<slug:slug>/agencies/<slug:agency>/funding/", agency_plan.funding, name="agency-funding"),
    path("r/<slug:slug>/agencies/<slug:agency>/steps/<int:number>/waive/", agency_plan.waive, name="agency-waive"),
    path("r/<slug:slug>/agencies/<slug:agency>/edit/", agency_edit.edit, name="agency-edit"),
    path("r/<slug:slug>/agencies/<slug:agency>/people/invite/", agency_edit.invite, name="agency-invite"),
    path("r/<slug:slug>/agencies/<slug:agency>/people/<int:role>/end/", agency_edit.end_role, name="agency-end-role"),
    path("r/<slug:slug>/agencies/<slug:agency>/withdraw/", agency_edit.withdraw, name="agency-withdraw"),
    path("r/<slug:slug>/agencies/<slug:agency>/rejoin/", agency_edit.rejoin, name="agency-rejoin"),
    path("r/<slug:slug>/licences/", licences.show, name="licences"),
    path("r/<slug:slug>/licences/pool/", licences.pool, name="licences-pool"),
    path("r/<slug:slug>/licences/price/", licences.price, name="licences-price"),
    path("r/<slug:slug>/licences/price/<str:valid_from>/remove/", licences.remove_price, name="licences-price-remove"),
    re_path(r"^(?:board|waves|my|mail|status|import|licences|agencies/[^/]+/plan)/", home.short, name="short"),
    re_path(r"^(?:board|waves|my|mail|history|status|import|agencies/[^/]+/plan)/", home.short, name="short"),
]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("", include("agencies.urls")),
    path("", include((plan, "rollout"))),
]
