"""A real browser against a real server: the journeys, at laptop and phone size.

Every page a journey visits is watched: a script error, a failed request or a breach of the content security policy
fails the test. `Visitor.check` runs axe with the WCAG 2.2 AA tags.
"""

import functools
import json
import os
import re
import shutil
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.core.management import call_command
from django.test.testcases import LiveServerThread
from playwright.sync_api import Locator, Page, expect, sync_playwright

from rollout import delivery
from tests.mail_server import MailServer, serving
from tests.snapshot import Snapshot

SIZES = {"laptop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
AXE_OPTIONS = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
#: What axe has against the page: only that is carried over to this process, it also tells of all that passed.
FIND_VIOLATIONS = """options => axe.run(options).then(({ violations }) => violations.map(
    ({ id, help, nodes }) => ({ id, help, where: nodes.map(node => node.html + ': ' + node.failureSummary) })))"""
#: Playwright's loop runs in this thread; Django would take its own ORM calls here for calls from that loop.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
expect.set_options(timeout=20_000)  # patience, spent only where something fails


@pytest.fixture(scope="session")
def browser():
    machines = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=machines, args=quiet + root)
        yield chromium
        chromium.close()


def _on_a_page_that_has_come(act):
    """Nobody types or presses before the page's scripts have run, as a driver does: what it set off would be lost."""

    @functools.wraps(act)
    def wrapped(locator: Locator, *args, **kwargs):
        locator.page.wait_for_load_state()
        return act(locator, *args, **kwargs)

    return wrapped


for _name in ("fill", "select_option", "check", "uncheck", "click", "press"):
    setattr(Locator, _name, _on_a_page_that_has_come(getattr(Locator, _name)))


class Visitor:
    """One person at one screen."""

    def __init__(self, page: Page, address: str):
        self.page, self.address, self.complaints = page, address, []
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        page.on("console", self._listen)
        page.on("response", self._watch)

    def _listen(self, message) -> None:
        if message.type == "error" and not re.search(r"status of (4\d\d)", message.text):
            self.complaints.append(message.text)

    def _watch(self, response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.url}")

    def visit(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def sign_in(self, who: str) -> Page:
        """By the demo's sign-in page, pressing the button that holds `who`."""
        self.page.context.clear_cookies()
        self.visit("/sign-in/")
        self.page.get_by_role("button", name=who).click()
        expect(self.page).not_to_have_url(re.compile("/sign-in/"))
        return self.page

    def check(self, what: str) -> None:
        """The page as it stands breaks no rule of WCAG 2.2 AA that axe knows, and does not scroll sideways."""
        self.page.wait_for_load_state()  # a page that was followed to may not have its first element yet
        expect(self.page.locator(".htmx-request")).to_have_count(0)  # while it asks, a part may be dimmed
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        found = self.page.evaluate(FIND_VIOLATIONS, AXE_OPTIONS)
        assert found == [], f"{what}: {json.dumps(found, indent=1, ensure_ascii=False)}"
        overflow = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{what}: {overflow} px too wide"


@pytest.fixture(scope="session")
def site(static_files):
    """The site's address. Static files come as in production, from whitenoise; `live_server` would bypass it."""
    thread = LiveServerThread("127.0.0.1", static_handler=lambda application: application, connections_override={})
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    yield f"http://127.0.0.1:{thread.port}"
    thread.terminate()


@pytest.fixture(scope="session")
def reference_rollout() -> Snapshot:
    return Snapshot()


@pytest.fixture
def demo(transactional_db, settings, site, reference_rollout):
    """The demo as it stands on 1 February 2018, served."""
    settings.DEMO_MODE = True
    settings.SITE_URL = site
    reference_rollout.restore(lambda: call_command("load_reference_rollout", verbosity=0))
    return site


@pytest.fixture(params=SIZES)
def visitor(request, browser, demo):
    """Somebody at a laptop, and again somebody with a phone."""
    yield from _visit(browser, demo, request.param)


@pytest.fixture
def at_laptop(browser, demo):
    yield from _visit(browser, demo, "laptop")


@pytest.fixture
def at_phone(browser, demo):
    yield from _visit(browser, demo, "phone")


def _visit(browser, address, size):
    context = browser.new_context(viewport=SIZES[size], locale="nb-NO", has_touch=size == "phone")
    visitor = Visitor(context.new_page(), address)
    yield visitor
    context.close()
    assert visitor.complaints == []


class Mailbox:
    """What people got: read from the SMTP server that took it."""

    def __init__(self, server: MailServer):
        self.server = server

    def deliver(self) -> None:
        """What a worker does."""
        delivery.deliver_waiting()

    def of(self, address: str, subject: str = "") -> list[EmailMessage]:
        """Every mail to the address whose subject holds `subject`, oldest first; what waits is sent before."""
        self.deliver()
        return [mail for mail in self.server.mails if mail["To"] == address and subject in mail["Subject"]]

    def code(self, address: str) -> str:
        """The one in the latest mail with a code."""
        codes = [re.search(r"^\s+(\d{4}-?\d{2,4})\s*$", words(mail), re.MULTILINE) for mail in self.of(address)]
        return [code[1] for code in codes if code][-1]


def words(mail: EmailMessage) -> str:
    """The text part."""
    part = mail.get_body(("plain",))
    assert part is not None
    return part.get_content().replace("\r\n", "\n")


def link(mail: EmailMessage) -> str:
    """The first address in the text part, which is also the one behind the HTML part's button, where there is one."""
    found = re.search(r"https?://\S+", words(mail))
    assert found, words(mail)
    html = mail.get_body(("html",))
    assert html is None or f'href="{found[0]}"' in html.get_content()
    return found[0]


@pytest.fixture
def mailbox(settings) -> Iterator[Mailbox]:
    """A real SMTP server takes what is sent: by a worker's delivery, and by Django."""
    with serving() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
        yield Mailbox(server)
