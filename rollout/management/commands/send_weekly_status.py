import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rollout import emails
from rollout.domain import reporting
from rollout.domain.refusals import Refused
from rollout.domain.reporting import Week
from rollout.domain.words import long_date
from rollout.management.base import PlanCommand
from rollout.models import OSLO, EmailKind, OutgoingEmail, Rollout, StatusReport


class Command(PlanCommand):
    help = gettext_lazy("Lager ukestatusen som er forfalt, og skriver e-posten. Gjør ingenting om den er laget.")

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument(
            "--week", metavar="2018-W07", help=_("uken den sendes i (ellers den som er forfalt); andre uker avvises")
        )
        parser.add_argument("--preview", action="store_true", help=_("skriv ut teksten; ingenting lagres eller sendes"))

    def run(self, *, rollout: Rollout, week: str | None, preview: bool, now: dt.datetime, **options: Any) -> None:
        wanted = self._wanted(week)
        if preview:
            self.stdout.write(_text(rollout, wanted, now))
            return
        if wanted and (reason := reporting.why_not(rollout=rollout, week=wanted, now=now)):
            raise Refused(reason)
        report = reporting.send_due(rollout=rollout, now=now)
        if report is None:
            year, number, moment = reporting.next_sending(after=now)
            self.stdout.write(
                _("Ingen ukestatus er forfalt. Den neste, %(week)s, sendes %(day)s klokken 8.")
                % {"week": Week(year, number).label, "day": long_date(moment.astimezone(OSLO).date())}
            )
            return
        written = OutgoingEmail.objects.filter(rollout=rollout, kind=EmailKind.WEEKLY_STATUS)
        self.stdout.write(
            _("Ukestatusen for %(week)s er laget. E-poster til levering: %(count)s.")
            % {"week": report.label, "count": written.filter(subject=f"week:{report.label}").count()}
        )

    def _wanted(self, text: str | None) -> Week | None:
        try:
            return Week.parse(text) if text else None
        except ValueError:
            self.wrong_usage(_("«%(week)s» er ingen uke. Skriv år og uke slik: 2018-W07.") % {"week": text})


def _text(rollout: Rollout, wanted: Week | None, now: dt.datetime) -> str:
    """The mail's text: of a report that was sent, from its frozen figures; else of the coming one as it stands now.

    Raises:
        Refused: the week is neither.
    """
    coming = reporting.coming_week(rollout, now)
    week = wanted or coming
    report: StatusReport | None = rollout.status_reports.filter(year=week.year, week=week.week).first()
    if report is None and week != coming:
        raise Refused(
            _("%(reason)s Bare den neste, %(week)s, kan forhåndsvises.")
            % {"reason": reporting.why_not(rollout=rollout, week=week, now=now), "week": coming.label}
        )
    report = report or reporting.draft(rollout=rollout, week=week, now=now)
    drafts = emails.weekly_status(report=report, now=now)
    if not drafts:
        raise Refused(_("Ingen er prosjektleder eller sponsor, så ukestatusen har ingen mottaker. Inviter en først."))
    return f"{drafts[0].headline}\n\n{drafts[0].text}"
