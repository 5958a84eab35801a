"""What the doctor asks of all but the database: settings, files, queue, cache, beat, workers, mail server."""

import datetime as dt
import secrets as random
from collections.abc import Iterator
from email.utils import parseaddr
from ipaddress import ip_address
from urllib.parse import urlsplit

from celery import current_app
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.cache import cache
from django.core.mail import EmailMessage, get_connection
from django.http.request import validate_host
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout import heartbeat
from rollout.management.doctor.findings import Finding, describe, fine, warn, wrong

#: Shorter ones can be guessed.
KEY_LENGTH = 32
BEAT_AT_MOST = dt.timedelta(minutes=1)
PING_SECONDS = 3


def settings_are_sound() -> Iterator[Finding]:
    about = _("innstillinger")
    if settings.DEMO_MODE:
        yield fine(about, _("demo: DATABASE_URL er ikke satt"))
        return
    found = [*_keys(), *_addresses()]
    yield from found or [fine(about, _("nøklene og adressene er i orden"))]


def _keys() -> Iterator[Finding]:
    for name in ("SECRET_KEY", "COMMITMENT_KEY"):
        if len(getattr(settings, name)) < KEY_LENGTH:
            longer = _("Lag en med openssl rand -hex 32.")
            if name == "COMMITMENT_KEY":
                longer += " " + _("Bytt den bare før noen har forpliktet seg: etterpå telles de om igjen.")
            yield warn(name, _("er kortere enn %(number)s tegn") % {"number": KEY_LENGTH}, longer)
    if settings.SECRET_KEY == settings.COMMITMENT_KEY:
        yield wrong(
            "COMMITMENT_KEY", _("er den samme som SECRET_KEY"), _("Gi SECRET_KEY en ny verdi. Behold COMMITMENT_KEY.")
        )


def _addresses() -> Iterator[Finding]:
    address = urlsplit(settings.SITE_URL)
    host = address.hostname or ""
    if address.scheme not in ("http", "https") or not host or address.path or address.query:
        yield wrong(
            "SITE_URL",
            _("%(url)s er ikke bare protokoll og vertsnavn") % {"url": settings.SITE_URL},
            _("Skriv den som https://plan.example.org, uten skråstrek til slutt."),
        )
    elif _is_loopback(host):
        yield warn(
            "SITE_URL", _("lenkene i e-post leder til %(host)s") % {"host": host}, _("Sett adressen folk bruker.")
        )
    elif address.scheme == "http":
        yield wrong(
            "SITE_URL",
            _("er uten TLS, så påloggingen kan leses på veien"),
            _("Sett en proxy med TLS foran, og https://."),
        )
    elif settings.ALLAUTH_TRUSTED_PROXY_COUNT == 0:
        yield warn(
            "TRUSTED_PROXY_COUNT",
            _("er 0, så alle bak proxyen deler grensene for pålogging"),
            _("Sett hvor mange proxyer som står foran."),
        )
    if host and not validate_host(host, settings.ALLOWED_HOSTS):
        yield wrong(
            "ALLOWED_HOSTS", _("har ikke %(host)s, som SITE_URL leder til") % {"host": host}, _("Legg til navnet.")
        )
    if parseaddr(settings.DEFAULT_FROM_EMAIL)[1].endswith(("example.org", "example.com", "localhost")):
        yield warn(
            "DEFAULT_FROM_EMAIL",
            _("er ingen virkelig adresse, så e-posten kan bli stoppet"),
            _("Sett en adresse på et domene som e-postserveren sender for."),
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def static_files() -> Iterator[Finding]:
    """Collected, and of this version: each file of ours has its hashed copy."""
    about = _("statiske filer")
    paths = [path for finder in get_finders() for path, _storage in finder.list([])]
    hashed = getattr(staticfiles_storage, "hashed_files", {})
    missing = [path for path in paths if path not in hashed or not staticfiles_storage.exists(hashed[path])]
    if missing:
        yield wrong(
            about,
            _("%(number)s av %(all)s mangler, først %(path)s")
            % {"number": len(missing), "all": len(paths), "path": missing[0]},
            _("Kjør manage.py collectstatic, og start web på nytt."),
        )
    else:
        yield fine(about, _("%(number)s filer er samlet") % {"number": len(paths)})


def broker() -> Iterator[Finding]:
    about = _("kø")
    try:
        with current_app.connection_for_write() as opened:
            opened.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    except Exception as error:
        yield wrong(about, describe(error), _("Start Valkey, eller rett REDIS_URL."))
    else:
        yield fine(about, _("svarer"))


def cache_works() -> Iterator[Finding]:
    about, key, value = _("mellomlager"), f"doctor-{random.token_hex(8)}", random.token_hex(8)
    try:
        cache.set(key, value, timeout=10)
        kept = cache.get(key)
        cache.delete(key)
    except Exception as error:
        yield wrong(about, describe(error), _("Start Valkey, eller rett REDIS_URL."))
        return
    if kept != value:
        yield wrong(
            about, _("husker ikke det som legges i det"), _("Se om Valkey er full, eller bare tar imot lesing.")
        )
    else:
        yield fine(about, _("svarer og husker"))


def beat() -> Iterator[Finding]:
    about, start = _("beat"), _("Start beat. Går den, se i loggen om den når køen.")
    seconds = heartbeat.seconds_since_beat()
    if seconds is None:
        yield wrong(about, _("har aldri vært her"), start)
    elif seconds > BEAT_AT_MOST.total_seconds():
        yield wrong(about, _("var sist her for %(minutes)s minutter siden") % {"minutes": int(seconds // 60)}, start)
    else:
        yield fine(about, _("var her for %(seconds)s sekunder siden") % {"seconds": int(seconds)})


def worker() -> Iterator[Finding]:
    about = _("worker")
    answered = current_app.control.ping(timeout=PING_SECONDS)
    if not answered:
        yield wrong(about, _("ingen svarer"), _("Start worker. Går den, se i loggen om den når køen."))
    else:
        yield fine(about, ", ".join(sorted(name for one in answered for name in one)))


def mail_server(mail_to: str) -> Iterator[Finding]:
    """Connects, says hello, signs in where EMAIL_URL has a name; and sends one where somebody is to get it."""
    about = _("e-postserver")
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    server = get_connection("django.core.mail.backends.smtp.EmailBackend")
    try:
        server.open()
        if mail_to:
            _test_mail(mail_to, server).send()
    except Exception as error:
        yield wrong(about, f"{where}: {describe(error)}", _("Rett EMAIL_URL, eller spør e-postserverens drift."))
        return
    finally:
        server.close()
    encrypted = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    if not (encrypted or settings.DEMO_MODE or _is_loopback(settings.EMAIL_HOST)):
        yield warn(about, _("%(where)s svarer, uten TLS") % {"where": where}, _("Bruk smtp+tls:// i EMAIL_URL."))
    else:
        yield fine(about, _("%(where)s svarer") % {"where": where})
    if mail_to:
        yield fine(about, _("tok imot en prøve til %(address)s; se om den kom fram") % {"address": mail_to})


def _test_mail(to: str, server) -> EmailMessage:
    text = _("Dette er en prøve fra Puljeplan på %(site)s, sendt %(time)s. Du trenger ikke gjøre noe.") % {
        "site": settings.SITE_URL,
        "time": f"{timezone.localtime():%d.%m.%Y kl. %H.%M}",
    }
    headers = {"Auto-Submitted": "auto-generated"}
    return EmailMessage(_("Prøve fra Puljeplan"), text, to=[to], headers=headers, connection=server)
