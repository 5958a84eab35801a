"""A question with a form: a page of its own, or the same in the dialog of the page it was asked from."""

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect

from agencies.access import Request
from rollout.domain.undoing import can_be_undone
from rollout.forms import REFUSED
from rollout.models import PlanEvent
from rollout.views.context import undo_address


def ask(request: Request, form: BaseForm, *, template: str = "rollout/ask.html", **words) -> HttpResponse:
    """Show the form. `words`: `back` and `back_label` (where one came from), `heading`, `button`; and what else
    `rollout/ask.html` or the page's own template shows: `intro` (sentences), `warnings` (sentences), `danger`."""
    context = {"form": form, "in_dialog": bool(request.htmx), "address": request.path} | words
    return render(request, template + ("#form" if request.htmx else ""), context, status=http_status(form))


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form of the page is bound to: what was posted, however little, and nothing when it is only shown."""
    return request.POST if request.method == "POST" else None


def http_status(form: BaseForm) -> int:
    """Of the page that shows the form: 409 where a verb refused what was sent, 422 where it could not be read."""
    wrong = [error.code for errors in form.errors.as_data().values() for error in errors]
    return (409 if REFUSED in wrong else 422) if wrong else 200


def leave(request: Request, address: str, said: str, *, event: PlanEvent | None = None) -> HttpResponse:
    """Done: back to where one came from, which is loaded anew, with what was done, and where it can be taken back."""
    undo = undo_address(event.rollout, event.change) if event and can_be_undone(event) else ""
    messages.success(request, said, extra_tags=undo)
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
