"""Every page there is, and the dialogs on them. What they show is made in `every_page_world`."""

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page

from agencies import lists

LEAD, CHIEF = "prosjektleder@example.org", "kommunikasjonssjef.vav@example.org"
SLUG = "workplace-2018"


@dataclass(frozen=True)
class Shown:
    """A page as somebody sees it. `args` may name what the world knows (`world`); `do` brings it into another state."""

    route: str
    args: dict = field(default_factory=dict)
    who: str | None = LEAD
    query: str = ""
    do: Callable[[Page], object] | None = None


R = {"slug": SLUG}
WAVE_1, WAVE_2, WAVE_3 = (R | {"number": number} for number in (1, 2, 3))
BNS, VAV, BRE, MUM, BYM = (R | {"agency": slug} for slug in ("bns", "vav", "bre", "mum", "bym"))


def press(name: str) -> Callable[[Page], object]:
    return lambda page: page.get_by_role("button", name=name, exact=True).press("Enter")


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('main details:not([data-menu])').forEach(one => { one.open = true })")


def pick_two(page: Page) -> None:
    for box in page.locator(".ur-card .ur-pick input").all()[:2]:
        box.check(force=True)


def offer_list(*rows: str) -> Callable[[Page], object]:
    content = "\r\n".join([";".join(lists.COLUMNS), *rows]).encode()

    def do(page: Page) -> None:
        chosen = {"name": "liste.csv", "mimeType": "text/csv", "buffer": content}
        page.get_by_label("Liste over virksomheter").set_input_files(chosen)
        page.get_by_role("button", name="Prøv først").press("Enter")
        page.wait_for_selector("[role=alert]")

    return do


def new_dates(page: Page) -> None:
    page.get_by_label("Åpner for ledere").fill("2018-04-11")
    page.get_by_label("Åpner for alle").fill("2018-04-24")
    page.get_by_text("1 pulje får nye datoer.").wait_for()
    page.get_by_label("Flytt pulje 3–7").check()
    page.get_by_text("6 puljer får nye datoer.").wait_for()


GOOD_ROW = "kli;Klimaetaten;etat;Byrådsavdeling for miljø og samferdsel;41;1;5;5;3;Flere folk"
BAD_ROW = "ny;Nærmiljøetaten;etatt;Byrådsavdeling for byutvikling;-5;14;3;3;27;Ny fra 1. februar"

#: Name to page. A new page gets a line here; one that is no page of its own stands in `NO_PAGES`.
PAGES: dict[str, Shown] = {
    "sign-in": Shown("account_login", who=None),
    "sign-in, by code": Shown("account_request_login_code", who=None),
    "overview": Shown("rollout:overview", R),
    "board": Shown("rollout:board", R),
    "board, looking for some": Shown("rollout:board", R, query="vis=ikke-klare&sorter=navn", do=unfold),
    "board, some picked": Shown("rollout:board", R, do=pick_two),
    "move": Shown("rollout:board-move", BNS),
    "move many": Shown("rollout:board-move-many", R, query="agency=bns&agency=mum"),
    "pin": Shown("rollout:board-pin", BNS),
    "join": Shown("rollout:board-join", R),
    "new wave": Shown("rollout:wave-new", R),
    "scenarios": Shown("rollout:scenarios", R),
    "scenario": Shown("rollout:scenario", R | {"pk": "scenario"}, do=unfold),
    "scenario, refused": Shown("rollout:scenario", R | {"pk": "scenario"}, do=press("Ta i bruk det som er krysset av")),
    "scenario, a baseline": Shown("rollout:scenario", R | {"pk": "baseline"}, do=unfold),
    "scenario, its forecast": Shown("rollout:scenario-forecast", R | {"pk": "scenario"}),
    "new scenario": Shown("rollout:scenario-new", R),
    "change a scenario": Shown("rollout:scenario-edit", R | {"pk": "scenario"}),
    "calendar": Shown("rollout:calendar", R),
    "calendar, another year": Shown("rollout:calendar", R, query="year=2026"),
    "new period": Shown("rollout:calendar-new", R),
    "new period, refused": Shown("rollout:calendar-new", R, do=press("Legg inn perioden")),
    "change a period": Shown("rollout:calendar-change", R | {"pk": "period"}),
    "remove a period": Shown("rollout:calendar-remove", R | {"pk": "period"}),
    "last day": Shown("rollout:calendar-last-day", R),
    "wave, open": Shown("rollout:wave", WAVE_1),
    "wave, with a go": Shown("rollout:wave", WAVE_2),
    "wave, planned": Shown("rollout:wave", WAVE_3),
    "wave, refused": Shown("rollout:wave", WAVE_3, do=press("Gi klarsignal")),
    "dates": Shown("rollout:wave-dates", WAVE_2),
    "dates, with their effect": Shown("rollout:wave-dates", WAVE_2, do=new_dates),
    "cap": Shown("rollout:wave-cap", WAVE_3),
    "wave, reviewed": Shown("rollout:wave-review", WAVE_1, do=unfold),
    "wave, reviewed, refused": Shown("rollout:wave-review", WAVE_1, do=press("Avslutt evalueringen")),
    "wave, reviewed too early": Shown("rollout:wave-review", WAVE_3),
    "figures": Shown("rollout:wave-review-figures", WAVE_1 | {"agency": "bre"}),
    "figures, from a file": Shown("rollout:wave-review-import", WAVE_1),
    "lessons": Shown("rollout:lessons", R),
    "lessons of an agency": Shown("rollout:lessons-edit", BRE),
    "criteria": Shown("rollout:criteria", R),
    "release": Shown("rollout:wave-release", WAVE_1 | {"agency": "vav"}),
    "agencies": Shown("agencies:list"),
    "agency": Shown("agencies:agency", {"agency": "bns"}),
    "agency, with access": Shown("agencies:agency", {"agency": "bre"}),
    "agency, withdrawn": Shown("agencies:agency", {"agency": "withdrawn"}),
    "agency's plan": Shown("rollout:agency-plan", BNS),
    "edit an agency": Shown("rollout:agency-edit", BNS),
    "invite": Shown("rollout:agency-invite", BNS),
    "invite, refused": Shown("rollout:agency-invite", BNS, do=press("Inviter")),
    "end a role": Shown("rollout:agency-end-role", BNS | {"role": "role"}),
    "waive": Shown("rollout:agency-waive", BNS | {"number": 4}),
    "withdraw": Shown("rollout:agency-withdraw", BNS),
    "rejoin": Shown("rollout:agency-rejoin", R | {"agency": "withdrawn"}),
    "licences": Shown("rollout:licences", R, do=unfold),
    "licences in the pool": Shown("rollout:licences-pool", R),
    "price": Shown("rollout:licences-price", R),
    "history": Shown("rollout:history", R, do=unfold),
    "rehearsal": Shown("rollout:rehearsal", R, do=unfold),
    "rehearsal, none played": Shown("rollout:rehearsal", R, query="go=1"),
    "history, of an agency": Shown("rollout:history", R, query="agency=bns"),
    "compose": Shown("rollout:compose", R),
    "rollouts": Shown("rollout:rollouts"),
    "activate": Shown("rollout:rollout-activate", {"slug": "teams"}),
    "copy": Shown("rollout:rollout-copy", R),
    "feeds": Shown("rollout:feeds", R),
    "import": Shown("rollout:import", R),
    "import, tried": Shown("rollout:import", R, do=offer_list(GOOD_ROW)),
    "import, refused": Shown("rollout:import", R, do=offer_list(GOOD_ROW, BAD_ROW)),
    "announcing": Shown("rollout:announce", R),
    "mail": Shown("rollout:mail", R),
    "mail, previews": Shown("rollout:mail-preview", R),
    "mail, a preview": Shown("rollout:mail-preview-kind", R | {"kind": "leaders_open"}),
    "mail, no preview": Shown("rollout:mail-preview-kind", R | {"kind": "held"}),
    "message": Shown("rollout:mail-message", R | {"pk": "message"}),
    "message, cut off": Shown("rollout:mail-message", R | {"pk": "cut off"}),
    "message, sent again": Shown("rollout:mail-resend", R | {"pk": "failed"}),
    "mail, held": Shown("rollout:mail-hold", R),
    "mail, let go": Shown("rollout:mail-let-go", R),
    "mail, an address": Shown("rollout:mail-address", R | {"person": "person"}),
    "account": Shown("account"),
    "account, the second step": Shown("account-second-step"),
    "two steps": Shown("mfa_index"),
    "two steps, by app": Shown("mfa_activate_totp"),
    "two steps, by key": Shown("mfa_add_webauthn"),
    "forecast": Shown("rollout:forecast", R, do=unfold),
    "statuses": Shown("rollout:status-index", R),
    "status": Shown("rollout:status", R | {"week": "2018-W09"}),
    "status mail": Shown("rollout:status-mail", R | {"week": "2018-W09"}),
    "status to come": Shown("rollout:status-preview", R),
    "my agency": Shown("rollout:my-course", VAV, who=CHIEF),
    "my step": Shown("rollout:my-step", VAV | {"number": 4}, who=CHIEF),
    "my key people": Shown("rollout:my-key-people", VAV, who=CHIEF),
    "my guidelines": Shown("rollout:my-guidelines", VAV, who=CHIEF),
    "my readiness": Shown("rollout:my-ready", VAV, who=CHIEF),
    "my step, taken back": Shown("rollout:my-step-withdraw", VAV | {"number": 4}, who=CHIEF),
    "my readiness, taken back": Shown("rollout:my-ready-withdraw", VAV, who=CHIEF),
    "my people": Shown("rollout:my-people", VAV, who=CHIEF),
    "my people, one more": Shown("rollout:my-invite", VAV, who=CHIEF),
    "my people, one less": Shown("rollout:my-end-role", VAV | {"role": "their role"}, who=CHIEF),
    "my funding": Shown("rollout:my-funding", VAV, who=CHIEF),
    "another date": Shown("rollout:my-date", MUM),
    "another date, asked for": Shown("rollout:request-date", R | {"pk": "date"}),
    "another date, declined": Shown("rollout:request-date-decline", R | {"pk": "date"}),
    "join, as the agency": Shown("rollout:join", BYM),
    "join, asked for": Shown("rollout:request-join", R | {"pk": "join"}),
    "join, declined": Shown("rollout:request-join-decline", R | {"pk": "join"}),
    "requests": Shown("rollout:requests", R),
    "ask about funding": Shown("rollout:agency-funding-ask", BNS),
    "commit": Shown("rollout:commit", R, who=None),
    "commit, the address": Shown("rollout:commit-address", BRE, who=None),
    "commitments": Shown("rollout:commitments", R),
    "notices": Shown("rollout:notices", who=CHIEF),
    "notices, a lead's": Shown("rollout:notices"),
    "my data": Shown("rollout:my-data", who=CHIEF),
    "my data, erased": Shown("rollout:my-data-erase", who=CHIEF),
    "another's data, erased": Shown("rollout:agency-erase", BNS | {"role": "role"}),
    "archive": Shown("rollout:archive", BRE),
    "archive, its case": Shown("rollout:archive-case", BRE),
    "accessibility": Shown("rollout:accessibility", who=None),
    "privacy": Shown("rollout:privacy", who=None),
    "guidelines": Shown("rollout:guidelines", R),
    "guidelines, a version": Shown("rollout:guidelines-version", WAVE_2),
    "guidelines, who signs": Shown("rollout:guidelines-settings", R),
    "guidelines, a draft": Shown("rollout:guidelines-draft", R),
    "guidelines, to be published": Shown("rollout:guidelines-publish", R),
    "course": Shown("rollout:course", R),
    "course, a version": Shown("rollout:course-version", WAVE_1),
    "course, edited": Shown("rollout:course-edit", R),
    "not mine": Shown("rollout:board", R, who=CHIEF),
    "not there": Shown("rollout:overview", {"slug": "finnes-ikke"}),
}
#: Routes that answer a GET, and yet are no page to go to: downloads, parts of a page, what leads on to another, and
#: what is only there after the step before it.
NO_PAGES = {
    "account_confirm_login_code",
    "account_logout",
    "healthz",
    "mfa_authenticate",
    "mfa_view_recovery_codes",
    "oidc-callback",
    "readyz",
    "rollout:agencies-export",
    "rollout:archive-file",
    "rollout:board-changes",
    "rollout:board-effect",
    "rollout:board-export",
    "rollout:calendar-feed",
    "rollout:commit-code",
    "rollout:commit-read",
    "rollout:commit-thanks",
    "rollout:commitments-export",
    "rollout:history-export",
    "rollout:home",
    "rollout:import-list",
    "rollout:licences-export",
    "rollout:mail-html",
    "rollout:mail-preview-html",
    "rollout:my",
    "rollout:my-data-file",
    "rollout:my-file",
    "rollout:scenario-export",
    "rollout:short",
    "rollout:status-mail-html",
    "rollout:wave-export",
    "rollout:wave-mail",
    "rollout:wave-review-template",
}

#: The pages' dialogs: the page they are opened on, and what opens them.
DIALOGS = (
    ("board", "Flytt Bydel Nordstrand"),
    ("board", "Legg i kø"),
    ("board", "Ny pulje"),
    ("board", "Tastatur"),
    ("board, some picked", "Flytt valgte …"),
    ("calendar", "Ny periode"),
    ("calendar", "Endre siste dag"),
    ("calendar", "Endre Vinterferie"),
    ("calendar", "Fjern Vinterferie"),
    ("scenarios", "Nytt scenario"),
    ("wave, planned", "Sett datoer"),
    ("wave, planned", "Endre taket"),
    ("wave, open", "Slipp inn Vann- og avløpsetaten"),
    ("wave, reviewed", "Tall for Brann- og redningsetaten"),
    ("lessons", "Endre fra Bydel Alna"),
    ("agency", "Rediger Bydel Nordstrand"),
    ("agency", "Trekk fra utrullingen"),
    ("agency", "Inviter til Bydel Nordstrand"),
    ("licences", "Endre avtalen"),
    ("licences", "Ny pris fra en dato"),
    ("my data", "Slett opplysningene mine"),
)
