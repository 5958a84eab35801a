"""The web server's entry: `granian --interface wsgi rollout.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollout.settings")
application = get_wsgi_application()
