"""The environment decides, and what is missing is told at start, by name."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REQUIRED = {
    "DATABASE_URL": "postgresql:///none",
    "REDIS_URL": "redis://none",
    "EMAIL_URL": "smtp+tls://user:secret@mail.example.org:587",
    "SECRET_KEY": "key",
    "COMMITMENT_KEY": "another key",
}


def _settings(shown: str, **environment: str) -> subprocess.CompletedProcess:
    code = f"from rollout import settings as s; print({shown})"
    own = {"PATH": os.environ["PATH"]} | environment
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=own, capture_output=True, text=True)


@pytest.mark.parametrize("name", ["REDIS_URL", "EMAIL_URL", "SECRET_KEY", "COMMITMENT_KEY"])
def test_a_missing_variable_stops_the_start_and_is_named(name):
    done = _settings("s.DEBUG", **{key: value for key, value in REQUIRED.items() if key != name})
    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]


def test_with_a_database_named_there_is_no_demo():
    assert _settings("s.DEMO_MODE, s.DEBUG", **REQUIRED).stdout == "False False\n"


def test_mail_goes_where_the_address_says():
    shown = _settings("s.EMAIL_HOST, s.EMAIL_PORT, s.EMAIL_USE_TLS, s.EMAIL_HOST_USER", **REQUIRED).stdout
    assert shown == "mail.example.org 587 True user\n"


@pytest.mark.parametrize(("address", "is_safe"), [("https://plan.example.org", True), ("http://127.0.0.1:8000", False)])
def test_an_https_address_makes_the_cookies_safe(address, is_safe):
    shown = "s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0"
    assert _settings(shown, SITE_URL=address, **REQUIRED).stdout.split() == [str(is_safe)] * 3


def test_the_site_answers_to_its_own_name_and_to_a_health_check_on_the_same_machine():
    shown = _settings("*s.ALLOWED_HOSTS", SITE_URL="https://plan.example.org", **REQUIRED).stdout.split()
    assert shown == ["plan.example.org", "127.0.0.1", "localhost"]


def test_every_variable_the_settings_read_stands_in_the_documentation():
    read = set(re.findall(r'env\.\w+\(\s*["\'](\w+)["\']', (ROOT / "rollout" / "settings.py").read_text()))
    told = set(re.findall(r"^\| `(\w+)", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE))
    assert "REDIS_URL" in read
    assert read - {"PORT"} <= told


@pytest.mark.parametrize("name", REQUIRED)
def test_an_empty_variable_is_as_good_as_a_missing_one(name):
    """An empty COMMITMENT_KEY would leave the employees' hashes open to whoever tries addresses."""
    done = _settings("s.DEBUG", **REQUIRED | {name: " "})
    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://host/plan"),
        ("DATABASE_URL", "postgresql://host"),
        ("DATABASE_URL", "postgresql://host:port/plan"),
        ("MIGRATE_DATABASE_URL", "nonsense"),
    ],
)
def test_an_address_of_a_database_that_is_none_stops_the_start_and_its_password_is_not_told(name, address):
    address = address.replace("//", "//puljeplan:hemmelig@", 1)
    done = _settings("s.DEBUG", **REQUIRED | {name: address})
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].startswith(f"django.core.exceptions.ImproperlyConfigured: {name} must be ")
    assert "hemmelig" not in done.stderr


@pytest.mark.parametrize(
    "address",
    [
        "postgres:///plan",
        "postgresql://a:b#c@host:5432/plan?sslmode=require",
        "postgresql://%2Fvar%2Frun%2Fpostgresql/plan",
    ],
)
def test_every_way_to_write_the_address_of_a_postgresql_is_read(address):
    assert _settings("s.DATABASES['default']['NAME']", **REQUIRED | {"DATABASE_URL": address}).stdout == "plan\n"


@pytest.mark.parametrize(
    ("name", "address"), [("EMAIL_URL", "nonsense"), ("REDIS_URL", "nonsense"), ("SITE_URL", "http://[")]
)
def test_any_other_address_that_is_none_stops_the_start_and_is_named(name, address):
    done = _settings("s.DEBUG", **REQUIRED | {name: address})
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].startswith(f"django.core.exceptions.ImproperlyConfigured: {name} must be ")


@pytest.mark.parametrize("address", ["plan.example.org", "ftp://plan.example.org", "https://", "https://a.example/b"])
def test_a_site_address_that_is_none_stops_the_start(address):
    done = _settings("s.DEBUG", SITE_URL=address, **REQUIRED)
    assert done.returncode != 0
    assert "SITE_URL" in done.stderr.splitlines()[-1]


def test_a_site_address_is_read_whatever_way_it_is_written():
    shown = "s.SITE_URL, s.CSRF_TRUSTED_ORIGINS, s.SESSION_COOKIE_SECURE"
    done = _settings(shown, SITE_URL="HTTPS://Plan.no/", **REQUIRED)
    assert done.stdout == "https://plan.no ['https://plan.no'] True\n"


@pytest.mark.parametrize(
    ("hosts", "names"), [("a.example, b.example", ["a.example", "b.example"]), (" ", ["plan.example.org"])]
)
def test_the_names_of_the_site_may_stand_with_spaces_and_none_is_its_own_name(hosts, names):
    shown = _settings("*s.ALLOWED_HOSTS", SITE_URL="https://plan.example.org", ALLOWED_HOSTS=hosts, **REQUIRED)
    assert shown.stdout.split() == [*names, "127.0.0.1", "localhost"]
