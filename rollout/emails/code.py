"""The mail with a code for an employee's work address. It is no row of the outbox (see `rollout.codes`)."""

from agencies.models import Agency
from rollout.emails.writing import render
from rollout.models import Rollout


def code(*, rollout: Rollout, agency: Agency, code: str, minutes: int) -> tuple[str, str, str]:
    """Its headline, text and HTML. No link: what is asked for is typed where it was asked."""
    context = {"rollout": rollout, "tool": rollout.tool_name, "agency": agency, "code": code, "minutes": minutes}
    return render("commitment_code", context)
