"""`manage.py reset_sign_in EMAIL`: for somebody who lost every key, or whose account at the issuer is a new one."""

from django.core.management.base import BaseCommand, CommandError

from agencies.models import Person
from agencies.people import forget_sign_in


class Command(BaseCommand):
    help = "Takes a person's keys and links to issuers away, and ends every session. The roles stay."

    def add_arguments(self, parser):
        parser.add_argument("email")

    def handle(self, *args, **options):
        person = Person.objects.filter(email=options["email"].strip().lower()).first()
        if person is None:
            raise CommandError(f"Nobody has the address {options['email']}.")
        forget_sign_in(person)
        self.stdout.write(f"{person.email} signs in afresh.")
