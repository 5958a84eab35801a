"""`/healthz`: is this process alive? For supervisors and load balancers; nobody signs in to ask."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Touch nothing: a database that is away for a moment is no reason to end the web server."""
    return HttpResponse("ok\n", content_type="text/plain")
