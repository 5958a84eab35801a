"""The one settings file: the environment decides, and what is missing or wrong fails loudly at start.

Without DATABASE_URL this is *demo mode*: PostgreSQL and Valkey come from their wheels, with data under `.local/`,
and the rollout lives in its own time (`rollout.clock`). Everywhere else DATABASE_URL, REDIS_URL, EMAIL_URL,
SECRET_KEY and COMMITMENT_KEY are required.
"""

import logging
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from kombu import Queue

from rollout import logs

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_DIR = BASE_DIR / ".local"

env = environ.Env()

DEMO_MODE = "DATABASE_URL" not in env.ENVIRON
DEBUG = False

if DEMO_MODE:
    from rollout import embedded

    servers = embedded.join_or_start(LOCAL_DIR / "demo")
    DATABASE_URL = servers.database_url
    REDIS_URL = env.str("REDIS_URL", default=servers.redis_url)
    EMAIL_URL = env.str("EMAIL_URL", default=servers.email_url)
    SECRET_KEY = env.str("SECRET_KEY", default=servers.secret_key)
    COMMITMENT_KEY = env.str("COMMITMENT_KEY", default=f"commitments of the demo {SECRET_KEY}")
    ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
    SITE_URL = env.str("SITE_URL", default=f"http://127.0.0.1:{env.int('PORT', default=servers.web_port)}")
else:
    DATABASE_URL = env.str("DATABASE_URL")
    REDIS_URL = env.str("REDIS_URL")
    EMAIL_URL = env.str("EMAIL_URL")
    SECRET_KEY = env.str("SECRET_KEY")
    # Keys the hashes of those who have committed. Never changed: with another key everybody is counted anew.
    COMMITMENT_KEY = env.str("COMMITMENT_KEY")
    # Where links in mail lead: scheme and host.
    SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")
    for _name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SECRET_KEY", "COMMITMENT_KEY"):
        if not vars()[_name].strip():
            raise ImproperlyConfigured(f"Set the {_name} environment variable: it is empty")

try:
    _site = urlsplit(SITE_URL)
except ValueError:
    _site = urlsplit("")
if _site.scheme not in ("http", "https") or not _site.hostname or _site.path.strip("/") or _site.query:
    raise ImproperlyConfigured(f"SITE_URL must be scheme and host, as https://plan.example.org, and not {SITE_URL!r}")
SITE_URL = f"{_site.scheme}://{_site.netloc.lower()}"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "agencies.views.open_for_too_long"
HTTPS = _site.scheme == "https"
if not DEMO_MODE:
    # Loopback always: a health check on the same machine asks there.
    _hosts = [name.strip() for name in env.list("ALLOWED_HOSTS", default=[]) if name.strip()]
    ALLOWED_HOSTS = [*(_hosts or [str(_site.hostname)]), "127.0.0.1", "localhost"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SESSION_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"  # a sent mail is shown in a sandboxed frame on its own page

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "frame-ancestors": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
}

INSTALLED_APPS = [
    "agencies",
    "rollout",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "django_htmx",
    "django_structlog",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "rollout.views.board_poll.UnchangedBoard",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "rollout.logs.RequestLog",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "agencies.sessions.PersonMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "rollout.views.reuse.ReadWithSession",  # before the two that ask the session
    "agencies.limits.FormLimitMiddleware",
    "agencies.second_step.SecondStepMiddleware",
]

ROOT_URLCONF = "rollout.urls"
WSGI_APPLICATION = "rollout.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rollout.views.context.shell",
            ],
        },
    },
]


def _scheme(address: str) -> str:
    return address.partition("://")[0].lower()


def _database(name: str, address: str) -> dict[str, Any]:
    """How Django connects to the database at the address. What is wrong is told without it: it holds a password."""
    found: dict[str, Any] = {}
    if env.DB_SCHEMES.get(_scheme(address)) == env.DB_SCHEMES["postgresql"]:
        with suppress(ValueError):
            found = env.db_url_config(address)
    if not (found.get("NAME") or "service" in found.get("OPTIONS", {})):
        raise ImproperlyConfigured(f"{name} must be an address such as postgresql://user:password@host:5432/name")
    return found


DATABASES = {"default": _database("DATABASE_URL", DATABASE_URL)}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = 0  # only `agencies.sessions` asks so
# The owner of the tables, whom only `migrate` is (rollout/management/commands/migrate.py).
MIGRATE_DATABASE_URL = env.str("MIGRATE_DATABASE_URL", default="")
_migrates = bool(MIGRATE_DATABASE_URL) and not DEMO_MODE
MIGRATE_DATABASE = _database("MIGRATE_DATABASE_URL", MIGRATE_DATABASE_URL) if _migrates else None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if _scheme(REDIS_URL) not in ("redis", "rediss"):
    raise ImproperlyConfigured("REDIS_URL must be an address such as redis://:password@host:6379/0")
_IN_PROCESS = "django.core.cache.backends.locmem.LocMemCache"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL},
    # Markup that is found under what it was made of (`rollout.views.reuse`); as many as fit some tens of megabytes.
    "pages": {"BACKEND": _IN_PROCESS, "LOCATION": "pages", "OPTIONS": {"MAX_ENTRIES": 100}},
    "markup": {"BACKEND": _IN_PROCESS, "LOCATION": "markup", "OPTIONS": {"MAX_ENTRIES": 5_000}},
}
SESSION_ENGINE = "agencies.sessions"

if _scheme(EMAIL_URL) not in env.EMAIL_SCHEMES:
    raise ImproperlyConfigured("EMAIL_URL must be an address such as smtp+tls://user:password@host:587")
vars().update(env.email_url_config(EMAIL_URL))  # EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS and the rest
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Puljeplan <puljeplan@example.org>")

# Whom /tilgjengelighet and /personvern name (else the active rollout's contact), and the statement at uustatus.no.
CONTACT_EMAIL = env.str("CONTACT_EMAIL", default="")
ACCESSIBILITY_STATEMENT_URL = env.str("ACCESSIBILITY_STATEMENT_URL", default="")

AUTH_USER_MODEL = "agencies.Person"
AUTHENTICATION_BACKENDS = ["agencies.backends.PersonBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "agencies.sign_in.InvitedOnlyAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # the one-time code is the proof
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 8}
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nothing is sent to those who are not invited
ACCOUNT_FORMS = {
    "request_login_code": "agencies.sign_in.SignInForm",
    "confirm_login_code": "agencies.sign_in.CodeForm",
}
# By network address, which many share, so wide. By account as `agencies.limits` counts: nobody is locked out from afar.
ACCOUNT_RATE_LIMITS = {
    "request_login_code": "120/m/ip,5/5m/key",
    "login_failed": "60/m/ip,5/5m/key",  # the second step, for one who has the code already
}
MFA_ADAPTER = "agencies.second_step.KeyAdapter"
MFA_FORMS = {
    "add_webauthn": "agencies.second_step.AddPasskeyForm",
    "authenticate_webauthn": "agencies.second_step.AskForPasskeyForm",
    "reauthenticate_webauthn": "agencies.second_step.ConfirmPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # a telephone's clock may be half a minute wrong
FORMS_PER_MINUTE = env.int("FORMS_PER_MINUTE", default=300)
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# How many proxies stand before the app: rate limits count by the address the last trusted one saw.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

# OpenID Connect: any standard issuer, exactly as it calls itself; none, and nobody is offered it (`agencies.oidc`).
OIDC_ISSUER = env.str("OIDC_ISSUER", default="")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID") if OIDC_ISSUER else ""
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET") if OIDC_ISSUER else ""
OIDC_NAME = env.str("OIDC_NAME", default="jobbkontoen")
OIDC_SCOPES = env.list("OIDC_SCOPES", default=["openid", "email"])
OIDC_ACR_VALUES = env.str("OIDC_ACR_VALUES", default="")
# Whose addresses count as verified though the issuer does not say `email_verified` (Entra ID never does).
OIDC_EMAIL_DOMAINS = [domain.lower() for domain in env.list("OIDC_EMAIL_DOMAINS", default=[])]
SOCIALACCOUNT_STORE_TOKENS = False

FILE_UPLOAD_HANDLERS = ["agencies.uploads.UpToTheLimit"]
DATA_UPLOAD_MAX_NUMBER_FILES = 1

LANGUAGE_CODE = "nb"
LANGUAGES = [("nb", "Bokmål")]
TIME_ZONE = "Europe/Oslo"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True  # every task asks the data what is due, so a repeat is harmless
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A worker takes from both by turns: thousands of codes on a launch morning do not keep the ticks waiting.
CELERY_TASK_QUEUES = [Queue("celery"), Queue("codes")]

LOGGING = logs.config(as_json=not DEMO_MODE, level=env.str("LOG_LEVEL", default="WARNING"))
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # one line for each request, when it is answered
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_TASK_SUCCESS_LOG_LEVEL = logging.DEBUG  # beat ticks every few seconds

logs.report_to_sentry(env.str("SENTRY_DSN", default=""), site=SITE_URL)
