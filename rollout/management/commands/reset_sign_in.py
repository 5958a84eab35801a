"""`manage.py reset_sign_in EMAIL`: for somebody who lost every key, or whose account at the issuer is a new one."""

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from agencies.models import Person
from agencies.people import forget_sign_in


class Command(BaseCommand):
    help = "Tar bort nøklene og koblingene til en person, og avslutter hver innlogging. Rollene blir."

    def add_arguments(self, parser):
        parser.add_argument("email", metavar="EMAIL", help=_("adressen til personen"))

    def handle(self, *args, **options):
        person = Person.objects.filter(email=options["email"].strip().lower()).first()
        if person is None:
            raise CommandError(_("Ingen har adressen %(email)s.") % {"email": options["email"]})
        forget_sign_in(person)
        self.stdout.write(_("%(email)s logger inn på nytt.") % {"email": person.email})
