"""The measure to hold the pages against: a bare Django view that returns the same bytes from memory.

`application` is Django with this one view and no middleware. BENCH_PAGES names the folder that holds the bytes.
"""

import functools
import os
import time
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.urls import path


@functools.cache
def _bytes(name: str) -> bytes:
    return (Path(os.environ["BENCH_PAGES"]) / name).read_bytes()


def page(request, name: str) -> HttpResponse:
    body = _bytes(name)
    return HttpResponse(body, status=200 if body else 204)


urlpatterns = [path("bare/<str:name>", page)]


def _make():
    from django.core.wsgi import get_wsgi_application

    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY="bare", MIDDLEWARE=[])
    return get_wsgi_application()


if os.environ.get("BENCH_BARE"):
    django = _make()

    def application(environ, start_response):
        answered = []
        begun = time.thread_time_ns()
        response = django(environ, lambda status, headers, exc_info=None: answered.append((status, headers)))
        body = list(response)
        response.close()
        spent = time.thread_time_ns() - begun
        status, headers = answered[0]
        start_response(status, [*headers, ("X-Bench", f"{spent} 0")])
        return body
