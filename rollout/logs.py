"""What is written down of each request and task, under one id that follows into the tasks and mails it causes.

Lines of JSON on standard error, plain lines in the demo. No query string, no secret address, no form and no e-mail
address gets into one.
"""

import re
import uuid
from http import HTTPStatus
from typing import Any

import sentry_sdk
import structlog
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware

#: What in a path is itself the key to what it leads to.
_SECRET = re.compile(r"(?<=/cal/)[^/]+(?=\.ics)")
#: Whose an e-mail address is: what stands before its @. A Message-ID looks like one, and is what one searches for.
_WHOSE = re.compile(
    r"(?<![\w.+'-])(?![0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}@)[\w.+'-]+(?=@[\w-]+\.[\w-])", re.IGNORECASE
)
_INSTEAD = "\N{HORIZONTAL ELLIPSIS}"


def _hide(logger: Any, name: str, event: Any) -> Any:
    """Others' lines tell of addresses too: Django's of a page that is not there, a mail server's, an exception's."""
    return _hidden(event | {"event": str(event["event"])})


def _hidden(told: Any) -> Any:
    if isinstance(told, str):
        return _WHOSE.sub(_INSTEAD, _SECRET.sub(_INSTEAD, told))
    if isinstance(told, dict):
        return {name: _hidden(value) for name, value in told.items()}
    return type(told)(map(_hidden, told)) if type(told) in (list, tuple) else told


_SHARED: tuple[Any, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.format_exc_info,
    _hide,
)

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_SHARED,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)


def config(*, as_json: bool, level: str) -> dict[str, Any]:
    """Django's LOGGING: our own packages and the requests from INFO, all others from `level`."""
    render: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if not as_json:
        render = structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "logger", "event"])
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _SHARED,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {name: {"level": "INFO"} for name in ("rollout", "agencies", "django_structlog")},
    }


def without_secrets(path: str) -> str:
    """The path without its query, and with … for what is secret in it."""
    return _SECRET.sub(_INSTEAD, path.partition("?")[0])


class RequestLog(RequestMiddleware):
    """django-structlog's, without what must not be written down, and without a query of its own."""

    def prepare(self, request: HttpRequest) -> None:
        """Only the id: a request's one line is written when it is answered."""
        structlog.contextvars.bind_contextvars(request_id=str(uuid.uuid4()))

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        """No line for an answer without content: open boards ask every few seconds whether anything has changed."""
        if response.status_code == HTTPStatus.NO_CONTENT:
            structlog.contextvars.clear_contextvars()
        else:
            super().handle_response(request, response)

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {without_secrets(request.path)}"

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """The person's id, where the request has asked who it is; never asked for the log's sake."""
        person = vars(request).get("_cached_user")
        if person is not None and person.pk is not None:
            structlog.contextvars.bind_contextvars(user_id=person.pk)

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        """An address is personal data, and the proxy before us has its own log."""


def report_to_sentry(dsn: str, *, site: str) -> None:
    """Tell Sentry of every exception, without what people typed or who they are. No DSN: nothing is sent anywhere."""
    if dsn:
        sentry_sdk.init(
            dsn=dsn,
            server_name=site,
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            before_send=_without_secrets,
        )


def _without_secrets(event: Any, hint: dict[str, Any]) -> Any:
    request = event.get("request", {})
    for name in ("query_string", "cookies", "headers", "env"):
        request.pop(name, None)
    if "url" in request:
        request["url"] = without_secrets(request["url"])
    for raised in event.get("exception", {}).get("values", ()):
        raised["value"] = _hidden(str(raised.get("value", "")))
    event.pop("user", None)
    event.pop("breadcrumbs", None)  # they hold SQL with its values
    event.setdefault("tags", {})["request_id"] = structlog.contextvars.get_contextvars().get("request_id", "")
    return _hidden(event)
