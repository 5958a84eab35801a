"""Which way things flow: the arrows between the two packages and inside `rollout` are read from the imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

ROOT = Path(__file__).resolve().parent.parent

# What each part of `rollout` may import of the other parts. A new part finds its place here first.
MAY_IMPORT = {
    "models": set(),
    "reference": set(),
    "emails": {"models"},
    "delivery": {"models", "emails"},
    # Known by both ends of the queue: the pages that ask for a code, and the task that mails it.
    "codes": {"models", "emails"},
    "rehearsals": {"models", "domain"},
    "domain": {"models", "emails", "reference"},
    "permissions": {"models", "domain"},
    "forms": {"models", "domain"},
    "templatetags": {"models", "domain"},
    "clock": {"models"},
    "tasks": {"models", "domain", "delivery", "codes", "rehearsals", "clock"},
    "views": {
        "models",
        "heartbeat",
        "emails",
        "domain",
        "delivery",
        "codes",
        "rehearsals",
        "permissions",
        "forms",
        "clock",
        "reference",
    },
    "management": {
        "models",
        "emails",
        "domain",
        "delivery",
        "permissions",
        "forms",
        "clock",
        "reference",
        # A backup may be made with the wheel's programs, and the doctor asks for beat.
        "embedded",
        "heartbeat",
    },
    "urls": {"views"},
    "migrations": set(),
    # The machinery knows nothing of the plan.
    "__init__": {"celery"},
    "apps": set(),
    "celery": {"heartbeat"},
    "heartbeat": set(),
    "logs": set(),
    "demo": {"embedded"},
    "embedded": set(),
    "mailcatcher": set(),
    "settings": {"embedded", "logs"},
    "wsgi": set(),
}


def _imports(source: str, *, module: str) -> Iterator[str]:
    """The full names of all that the module imports, also inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*start, node.module] if node.module else start)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _part(name: str) -> str | None:
    """The part of `rollout` a full name belongs to."""
    package, _, rest = name.partition(".")
    return (rest.split(".")[0] or "__init__") if package == "rollout" else None


def _wrong_arrows(source: str, *, module: str) -> list[str]:
    imported = list(_imports(source, module=module))
    part = _part(module)
    if part is None:
        return [f"{module} imports {name}" for name in imported if _part(name)]
    allowed = MAY_IMPORT[part] | {part}
    return [f"{module} imports {name}" for name in imported if _part(name) and _part(name) not in allowed]


def _modules() -> Iterator[tuple[str, str]]:
    for package in ("agencies", "rollout"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path.read_text()


def test_every_arrow_goes_the_right_way():
    assert [arrow for module, source in _modules() for arrow in _wrong_arrows(source, module=module)] == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("agencies.models", "from rollout.models import Wave"),
        ("agencies.views", "def view(request):\n    import rollout.domain.placing"),
        ("rollout.models.waves", "from rollout.domain import placing"),
        ("rollout.models.waves", "from ..domain import placing"),
        ("rollout.domain.opening", "from rollout import tasks"),
        ("rollout.domain.opening", "from rollout.clock import now"),
        ("rollout.emails", "from rollout.domain.readiness import problems"),
        ("rollout.delivery", "from rollout.domain import figures"),
        ("rollout.forms", "from rollout.views.board import board"),
        ("rollout.tasks", "from rollout.views import board"),
    ],
)
def test_an_arrow_the_wrong_way_is_found(module, source):
    assert len(_wrong_arrows(source, module=module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("rollout.models.waves", "from agencies.models import Agency"),
        ("rollout.domain.opening", "from rollout import emails\nfrom rollout.domain.locks import lock_plan"),
        ("rollout.views.board", "from rollout.domain import placing\nfrom rollout import clock"),
        ("rollout.models.waves", "from .rollouts import Rollout"),
    ],
)
def test_an_arrow_the_right_way_is_let_be(module, source):
    assert _wrong_arrows(source, module=module) == []


def test_no_table_of_agencies_points_at_the_plan():
    fields = [field for model in apps.get_app_config("agencies").get_models() for field in model._meta.get_fields()]
    pointing = [f for f in fields if f.concrete and f.is_relation and f.related_model._meta.app_label == "rollout"]
    assert pointing == []


def test_no_migration_of_agencies_waits_for_the_plan():
    migrations = {name: one for name, one in MigrationLoader(None).disk_migrations.items() if name[0] == "agencies"}
    assert migrations
    assert "rollout" not in {app for migration in migrations.values() for app, _ in migration.dependencies}


def test_the_migrations_say_all_that_the_models_say(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_admin_stays_off():
    """It would go past the verbs."""
    assert not apps.is_installed("django.contrib.admin")
