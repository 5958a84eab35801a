"""What granian serves while benchmarking: the product's own application, with what each request cost in a header.

`X-Bench` holds the thread's CPU time in nanoseconds and the number of queries. With BENCH_REUSE=off every reuse is
switched off: the cache that keeps markup keeps nothing.
"""

import os
import time

from django.conf import settings
from django.db import connection
from django.urls import path

from rollout.wsgi import application as product  # sets Django up, before what needs its models

from rollout import urls  # isort: skip
from tests.bench.bare import page

if os.environ.get("BENCH_REUSE") == "off":
    for alias in ("pages", "markup"):
        settings.CACHES[alias] = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}

# The bare view once more, behind the product's own middleware.
urls.urlpatterns.insert(0, path("bare/<str:name>", page))


def application(environ, start_response):
    answered = []
    queries = 0

    def count(execute, sql, params, many, context):
        nonlocal queries
        queries += 1
        return execute(sql, params, many, context)

    begun = time.thread_time_ns()
    with connection.execute_wrapper(count):
        response = product(environ, lambda status, headers, exc_info=None: answered.append((status, headers)))
        body = list(response)
        response.close()
    spent = time.thread_time_ns() - begun
    status, headers = answered[0]
    start_response(status, [*headers, ("X-Bench", f"{spent} {queries}")])
    return body
