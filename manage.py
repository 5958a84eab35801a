#!/usr/bin/env python
"""Django's entry. Without DATABASE_URL it joins the demo's running servers, or starts them for this command."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollout.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
