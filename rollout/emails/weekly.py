"""The week's status, to those who steer the rollout and to those who asked for it."""

import datetime as dt

from rollout.emails.choosing import wanted_by
from rollout.emails.writing import Draft, link_to, to_people
from rollout.models import EmailKind, StatusReport


def weekly_status(*, report: StatusReport, now: dt.datetime) -> list[Draft]:
    """To the leads, the sponsor and who subscribes: the week's frozen figures. Templates read `report`, `figures`."""
    context = {
        "report": report,
        "figures": report.figures,
        "link": link_to(report.rollout, f"status/{report.label}/"),
    }
    readers = wanted_by(EmailKind.WEEKLY_STATUS)
    return to_people(EmailKind.WEEKLY_STATUS, f"week:{report.label}", report.rollout, context, readers)
