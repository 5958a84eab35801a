"""Who may open and do what: every route of the site, for every role, by every method.

The table below is the whole truth. The routes come from the URL resolver, so a new route without a line here fails.
A line says, for GET and POST, who passes: whoever passes gets anything but a sign-in page, 403, 404 or 405 (a form may
still be invalid: 422, or refused: 409). HEAD goes as GET; PUT, PATCH and DELETE are nowhere; HTMX changes
nothing. Another agency's pages are not there for those who belong to one agency. What it is tried in is
`tests.access_world`.
"""

from dataclasses import dataclass, field

from django.urls import URLPattern, get_resolver, reverse

from agencies.models import RoleName

ANYONE = "anyone"  # also before signing in
LEAD, SPONSOR, READER = RoleName.PROJECT_LEAD, RoleName.SPONSOR, RoleName.READER
HEAD, CHIEF, DEPUTY, KEY = RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF, RoleName.DEPUTY, RoleName.KEY_PERSON

LEADS = {LEAD}
CENTRAL = {LEAD, SPONSOR, READER}
ACTS = {HEAD, CHIEF, DEPUTY}
OWN = ACTS | {KEY}
EVERYONE = CENTRAL | OWN
NOT_MINE: set = set()  # somebody else's key or session, or a key one has not: not there, or not one's to use


@dataclass(frozen=True)
class Line:
    """`get` and `post`: who passes (None: the method is not there, 405). `agency`: the page is about one agency."""

    get: set | str | None = None
    post: set | str | None = None
    args: dict = field(default_factory=dict)
    agency: bool = False
    #: What a POST sends, so that it gets past a form that lacks everything.
    data: dict = field(default_factory=dict)
    #: Whether HEAD goes as GET; False where a GET is used up by being answered.
    head: bool = True

    def who(self, method: str) -> set | str | None:
        return {"get": self.get, "head": self.get if self.head else None, "post": self.post}.get(method)


R = {"slug": "workplace-2018"}
KLI = R | {"agency": "kli"}
A_ROLE = A_REQUEST = A_PERSON = A_SCENARIO = 1_000_000_000  # far from any that the sequence has given

TABLE: dict[str, Line] = {
    # the frame
    "healthz": Line(get=ANYONE),
    "readyz": Line(get=ANYONE),
    "account_login": Line(get=ANYONE, post=ANYONE),
    "account_request_login_code": Line(get=ANYONE, post=ANYONE),
    "account_confirm_login_code": Line(get=ANYONE, post=ANYONE),
    "account_logout": Line(get=ANYONE, post=ANYONE),
    "mfa_authenticate": Line(get=ANYONE, post=ANYONE),
    # one's own account: keys are only changed by whoever has just proved to hold one
    "account": Line(get=EVERYONE),
    "mfa_index": Line(get=EVERYONE),
    "account-second-step": Line(get=EVERYONE),
    "account-session-end": Line(post=NOT_MINE, args={"pk": 1}),
    "account-sessions-end": Line(post=EVERYONE),
    "account-key-remove": Line(get=NOT_MINE, post=NOT_MINE, args={"pk": 1}),
    "mfa_add_webauthn": Line(get=EVERYONE, post=EVERYONE),
    "mfa_activate_totp": Line(get=EVERYONE, post=EVERYONE),
    "mfa_view_recovery_codes": Line(get=EVERYONE, post=EVERYONE),
    "mfa_reauthenticate": Line(get=NOT_MINE, post=NOT_MINE),
    "mfa_reauthenticate_webauthn": Line(get=NOT_MINE, post=NOT_MINE),
    "oidc-start": Line(post=ANYONE),
    "oidc-callback": Line(get=ANYONE, head=False),
    "demo-sign-in": Line(post=ANYONE, data={"role": "lead"}),
    "rollout:home": Line(get=EVERYONE),
    "rollout:overview": Line(get=CENTRAL, args=R),
    "rollout:seen": Line(post=CENTRAL, args=R, data={"event": 1}),
    "rollout:short": Line(get=EVERYONE),
    "rollout:demo-step": Line(post=EVERYONE, data={"to": "day"}),
    # agencies
    "agencies:list": Line(get=CENTRAL),
    "agencies:agency": Line(get=CENTRAL | ACTS, args={"agency": "kli"}, agency=True),
    "rollout:agency-plan": Line(get=CENTRAL | ACTS, args=KLI, agency=True),
    "rollout:agency-funding": Line(post=LEADS, args=KLI, agency=True),
    "rollout:agency-waive": Line(get=LEADS, post=LEADS, args=KLI | {"number": 4}, agency=True),
    "rollout:agency-edit": Line(get=LEADS, post=LEADS, args=KLI, agency=True),
    "rollout:agency-invite": Line(get=LEADS, post=LEADS, args=KLI, agency=True),
    "rollout:agency-end-role": Line(get=LEADS, post=LEADS, args=KLI | {"role": A_ROLE}, agency=True),
    "rollout:agency-withdraw": Line(get=LEADS, post=LEADS, args=KLI, agency=True),
    "rollout:agency-rejoin": Line(get=LEADS, post=LEADS, args=KLI, agency=True),
    "rollout:agency-erase": Line(get=LEADS, post=LEADS, args=KLI | {"role": A_ROLE}, agency=True),
    # the law's: the archive, one's own data, and the pages anybody may read
    "rollout:archive": Line(get={LEAD, HEAD, CHIEF}, args=KLI, agency=True),
    "rollout:archive-case": Line(get=LEADS, post=LEADS, args=KLI, agency=True),
    "rollout:archive-file": Line(get={LEAD, HEAD, CHIEF}, args=KLI | {"suffix": "json"}, agency=True),
    "rollout:notices": Line(get=EVERYONE, post=EVERYONE),
    "rollout:my-data": Line(get=EVERYONE),
    "rollout:my-data-file": Line(get=EVERYONE, args={"suffix": "json"}),
    "rollout:my-data-erase": Line(get=EVERYONE, post=EVERYONE),
    "rollout:accessibility": Line(get=ANYONE),
    "rollout:privacy": Line(get=ANYONE),
    # reviews, and what they taught
    "rollout:wave-review": Line(get=CENTRAL, args=R | {"number": 1}),
    "rollout:wave-review-close": Line(post=LEADS, args=R | {"number": 1}),
    "rollout:wave-review-import": Line(get=LEADS, post=LEADS, args=R | {"number": 3}),
    "rollout:wave-review-template": Line(get=LEADS, args=R | {"number": 3}),
    "rollout:wave-review-figures": Line(get=LEADS, post=LEADS, args=KLI | {"number": 1}, agency=True),
    "rollout:lessons": Line(get=CENTRAL, args=R),
    "rollout:lessons-edit": Line(get=LEADS, post=LEADS, args=KLI, agency=True),
    "rollout:criteria": Line(get=LEADS, post=LEADS, args=R),
    # the licences
    "rollout:licences": Line(get=CENTRAL, args=R),
    "rollout:licences-pool": Line(get=LEADS, post=LEADS, args=R),
    "rollout:licences-price": Line(get=LEADS, post=LEADS, args=R),
    "rollout:licences-price-remove": Line(post=LEADS, args=R | {"valid_from": "2018-08-01"}),
    # the agency's own side
    "rollout:my": Line(get=OWN | LEADS, args=R),
    "rollout:my-course": Line(get=OWN | LEADS, args=KLI, agency=True),
    "rollout:my-step": Line(get=OWN | LEADS, post=ACTS, args=KLI | {"number": 4}, agency=True),
    # the file's own bytes: 404 where the step has none (test_my_files)
    "rollout:my-file": Line(get=OWN | LEADS, args=KLI | {"number": 4}, agency=True),
    "rollout:my-step-withdraw": Line(get=ACTS, post=ACTS, args=KLI | {"number": 4}, agency=True),
    "rollout:my-key-people": Line(get=OWN | LEADS, post=ACTS, args=KLI, agency=True),
    "rollout:my-guidelines": Line(get=OWN | LEADS, post=ACTS, args=KLI, agency=True),
    "rollout:my-ready": Line(get=OWN | LEADS, post=ACTS, args=KLI, agency=True),
    "rollout:my-ready-withdraw": Line(get=ACTS, post=ACTS, args=KLI, agency=True),
    # the guidelines: whoever commits to a text may read every version of it
    "rollout:guidelines": Line(get=CENTRAL, args=R),
    "rollout:guidelines-version": Line(get=EVERYONE, args=R | {"number": 1}),
    "rollout:guidelines-settings": Line(get=LEADS, post=LEADS, args=R),
    "rollout:guidelines-draft": Line(get=LEADS, post=LEADS, args=R),
    "rollout:guidelines-preview": Line(post=LEADS, args=R),
    "rollout:guidelines-discard": Line(post=LEADS, args=R),
    "rollout:guidelines-publish": Line(get=LEADS, post=LEADS, args=R),
    # the course as a template
    "rollout:course": Line(get=CENTRAL, args=R),
    "rollout:course-version": Line(get=CENTRAL, args=R | {"number": 1}),
    "rollout:course-edit": Line(get=LEADS, post=LEADS, args=R),
    # people, money and requests, from the agency's side
    "rollout:my-people": Line(get=OWN | LEADS, args=KLI, agency=True),
    "rollout:my-invite": Line(get=ACTS, post=ACTS, args=KLI, agency=True),
    "rollout:my-end-role": Line(get=ACTS, post=ACTS, args=KLI | {"role": A_ROLE}, agency=True),
    "rollout:my-funding": Line(get=OWN | LEADS, post=ACTS, args=KLI, agency=True),
    "rollout:my-funding-approve": Line(post={HEAD}, args=KLI, agency=True),
    "rollout:my-date": Line(get=OWN | LEADS, post=ACTS, args=KLI, agency=True),
    "rollout:my-date-withdraw": Line(post=ACTS, args=KLI, agency=True),
    "rollout:join": Line(get=OWN | LEADS, post=ACTS, args=KLI, agency=True),
    "rollout:join-withdraw": Line(post=ACTS, args=KLI, agency=True),
    # the leads' answers
    "rollout:requests": Line(get=LEADS, args=R),
    "rollout:request-date": Line(get=LEADS, post=LEADS, args=R | {"pk": A_REQUEST}),
    "rollout:request-date-decline": Line(get=LEADS, post=LEADS, args=R | {"pk": A_REQUEST}),
    "rollout:request-join": Line(get=LEADS, post=LEADS, args=R | {"pk": A_REQUEST}),
    "rollout:request-join-decline": Line(get=LEADS, post=LEADS, args=R | {"pk": A_REQUEST}),
    "rollout:agency-funding-ask": Line(get=LEADS, post=LEADS, args=KLI, agency=True),
    # the board
    "rollout:board": Line(get=CENTRAL, args=R),
    "rollout:board-move": Line(get=LEADS, post=LEADS, args=KLI),
    "rollout:board-changes": Line(get=CENTRAL, args=R),
    "rollout:board-effect": Line(get=LEADS, args=KLI),
    "rollout:undo": Line(post=LEADS, args=R | {"change": "00000000-0000-4000-8000-000000000000"}),
    "rollout:board-move-many": Line(get=LEADS, post=LEADS, args=R),
    "rollout:board-pin": Line(get=LEADS, post=LEADS, args=KLI),
    "rollout:board-unpin": Line(post=LEADS, args=KLI),
    "rollout:board-join": Line(get=LEADS, post=LEADS, args=R),
    "rollout:wave-new": Line(get=LEADS, post=LEADS, args=R),
    "rollout:board-export": Line(get=CENTRAL, args=R | {"suffix": "csv"}),
    "rollout:proposed-plan": Line(post=LEADS, args=R),
    # import
    "rollout:import": Line(get=LEADS, args=R),
    "rollout:import-try": Line(post=LEADS, args=R),
    "rollout:import-run": Line(post=LEADS, args=R),
    "rollout:import-list": Line(get=LEADS, args=R | {"suffix": "csv"}),
    # what is taken out
    "rollout:agencies-export": Line(get=CENTRAL, args=R | {"suffix": "csv"}),
    "rollout:licences-export": Line(get=CENTRAL, args=R | {"suffix": "csv"}),
    "rollout:history-export": Line(get=CENTRAL, args=R | {"suffix": "csv"}),
    "rollout:wave-export": Line(get=CENTRAL, args=R | {"number": 1, "suffix": "csv"}),
    "rollout:feeds": Line(get=LEADS, args=R),
    "rollout:feed-make": Line(post=LEADS, args=R, data={"agency": "vav"}),
    "rollout:feed-revoke": Line(post=LEADS, args=R | {"pk": 999}),
    # whoever knows the secret reads; any other is 404 for all (test_feeds)
    "rollout:calendar-feed": Line(get=ANYONE, args={"secret": "known-to-calendars"}),
    # the employees' own commitments: who has the address, commits (test_commit); the numbers are for the leads
    "rollout:commit": Line(get=ANYONE, args=R),
    "rollout:commit-address": Line(get=ANYONE, post=ANYONE, args=KLI, data={"address": "kari@kli.example.org"}),
    "rollout:commit-sign-in": Line(post=ANYONE, args=KLI),
    "rollout:commit-code": Line(get=ANYONE, post=ANYONE, args=KLI),
    "rollout:commit-read": Line(get=ANYONE, post=ANYONE, args=KLI),
    "rollout:commit-thanks": Line(get=ANYONE, args=KLI),
    "rollout:commitments": Line(get=CENTRAL, args=R),
    "rollout:commitments-export": Line(get=CENTRAL, args=R | {"suffix": "csv"}),
    # the waves
    "rollout:wave": Line(get=CENTRAL, args=R | {"number": 1}),
    "rollout:wave-go": Line(post=LEADS, args=R | {"number": 1}),
    "rollout:wave-stop": Line(post=LEADS, args=R | {"number": 1}),
    "rollout:wave-dates": Line(get=LEADS, post=LEADS, args=R | {"number": 1}),
    "rollout:wave-cap": Line(get=LEADS, post=LEADS, args=R | {"number": 1}),
    "rollout:wave-defer": Line(post=LEADS, args=KLI | {"number": 1}),
    "rollout:wave-release": Line(get=LEADS, post=LEADS, args=KLI | {"number": 1}),
    "rollout:wave-mail": Line(get=LEADS, args=R | {"number": 1, "place": 1}),
    # the history, and the rollouts
    "rollout:history": Line(get=CENTRAL, args=R),
    # the composer
    "rollout:compose": Line(get=LEADS, post=LEADS, args=R),
    "rollout:compose-cancel": Line(post=LEADS, args=R | {"pk": A_REQUEST}),
    "rollout:rehearsal": Line(get=CENTRAL, post=LEADS, args=R),
    "rollout:rollouts": Line(get=CENTRAL),
    "rollout:rollout-activate": Line(get=LEADS, post=LEADS, args=R),
    "rollout:rollout-copy": Line(get=LEADS, post=LEADS, args=R),
    # scenarios
    "rollout:scenarios": Line(get=CENTRAL, args=R),
    "rollout:scenario-new": Line(get=LEADS, post=LEADS, args=R),
    "rollout:scenario": Line(get=CENTRAL, args=R | {"pk": A_SCENARIO}),
    "rollout:scenario-forecast": Line(get=CENTRAL, args=R | {"pk": A_SCENARIO}),
    "rollout:scenario-edit": Line(get=LEADS, post=LEADS, args=R | {"pk": A_SCENARIO}),
    "rollout:scenario-adopt": Line(post=LEADS, args=R | {"pk": A_SCENARIO}),
    "rollout:scenario-catch-up": Line(post=LEADS, args=R | {"pk": A_SCENARIO}),
    "rollout:scenario-drop": Line(post=LEADS, args=R | {"pk": A_SCENARIO}),
    "rollout:scenario-export": Line(get=CENTRAL, args=R | {"pk": A_SCENARIO, "suffix": "csv"}),
    # the calendar
    "rollout:calendar": Line(get=CENTRAL, args=R),
    "rollout:calendar-new": Line(get=LEADS, post=LEADS, args=R),
    "rollout:calendar-last-day": Line(get=LEADS, post=LEADS, args=R),
    "rollout:calendar-change": Line(get=LEADS, post=LEADS, args=R | {"pk": 1}),
    "rollout:calendar-remove": Line(get=LEADS, post=LEADS, args=R | {"pk": 1}),
    # mail and status
    "rollout:announce": Line(get=LEADS, post=LEADS, args=R),
    "rollout:mail": Line(get=LEADS, args=R),
    "rollout:mail-preview": Line(get=LEADS, args=R),
    "rollout:mail-preview-kind": Line(get=LEADS, args=R | {"kind": "no_decision"}),
    "rollout:mail-preview-html": Line(get=LEADS, args=R | {"kind": "no_decision", "place": 1}),
    "rollout:mail-message": Line(get=LEADS, args=R | {"pk": 1}),
    "rollout:mail-html": Line(get=LEADS, args=R | {"pk": 1}),
    "rollout:mail-settle": Line(post=LEADS, args=R | {"pk": 1}),
    "rollout:mail-resend": Line(get=LEADS, post=LEADS, args=R | {"pk": 1}),
    "rollout:mail-hold": Line(get=LEADS, post=LEADS, args=R),
    "rollout:mail-let-go": Line(get=LEADS, post=LEADS, args=R),
    "rollout:mail-address": Line(get=LEADS, post=LEADS, args=R | {"person": A_PERSON}),
    "rollout:mail-address-try": Line(post=LEADS, args=R | {"person": A_PERSON}),
    "rollout:forecast": Line(get=CENTRAL, args=R),
    "rollout:status-index": Line(get=CENTRAL, args=R),
    "rollout:status": Line(get=CENTRAL, args=R | {"week": "2018-W06"}),
    "rollout:status-mail": Line(get=CENTRAL, args=R | {"week": "2018-W06"}),
    "rollout:status-mail-html": Line(get=CENTRAL, args=R | {"week": "2018-W06"}),
    "rollout:status-preview": Line(get=LEADS, args=R),
}


def routes(resolver=None, namespace: str = "") -> set[str]:
    """The name of every route, with its namespace. A route without a name shows its pattern, and so fails."""
    found = set()
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            found.add(namespace + (entry.name or str(entry.pattern)))
        else:
            found |= routes(entry, f"{entry.namespace}:" if entry.namespace else namespace)
    return found


def address(name: str, line: Line, **other) -> str:
    return "/board/" if name == "rollout:short" else reverse(name, kwargs=line.args | other)


def asks_to_sign_in(response) -> bool:
    return response.status_code == 302 and response.url.startswith("/sign-in/")


#: Each method as a browser sends it, and what HTMX sends as HTMX does.
METHODS = ("get", "head", "post", "put", "patch", "delete")
WAYS = (*((method, False) for method in METHODS), ("get", True), ("post", True))
PASSED = (200, 204, 302, 409, 422)


def right(response, role: str, allowed: set | str | None, method: str) -> bool:
    if allowed is None:
        return response.status_code in (403, 405)
    if allowed == ANYONE:
        return response.status_code in PASSED
    if allowed == NOT_MINE:
        return response.status_code in (403, 404)
    if role in allowed:
        return response.status_code in PASSED and not asks_to_sign_in(response)
    return response.status_code == 403 and (method == "head" or "Du har ikke tilgang" in response.content.decode())
