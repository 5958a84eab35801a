"""The two pages anybody may read: how accessible the site is, and what it stores on people."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from rollout.models import Rollout


def _context() -> dict:
    rollout = Rollout.objects.active()
    return {
        "contact": settings.CONTACT_EMAIL or (rollout.contact_email if rollout else ""),
        "months": rollout.retention_months if rollout else Rollout._meta.get_field("retention_months").default,
    }


@never_cache
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(
        request, "rollout/accessibility.html", _context() | {"statement": settings.ACCESSIBILITY_STATEMENT_URL}
    )


@never_cache
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "rollout/privacy.html", _context())
