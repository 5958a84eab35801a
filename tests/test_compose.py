"""docker-compose.yml and the Dockerfile, without an engine: read as Compose reads them, and their commands run."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rollout.embedded import free_port
from tests import compose

ROOT = Path(__file__).resolve().parent.parent
SECRETS = {
    "SECRET_KEY": "the-key",
    "COMMITMENT_KEY": "the-other-key",
    "POSTGRES_PASSWORD": "owners",
    "APP_DATABASE_PASSWORD": "apps",
    "VALKEY_PASSWORD": "valkeys",
}
APPS = ["web", "worker", "beat"]
SECONDS = 120


@pytest.fixture(scope="module")
def file() -> dict:
    return compose.load(ROOT / "docker-compose.yml", SECRETS)


@pytest.fixture(scope="module")
def services(file) -> dict:
    return file["services"]


# -- the reader itself ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a$$b", "a$b"),
        ("$SET and ${SET}", "yes and yes"),
        ("${EMPTY-x} ${EMPTY:-x} ${UNSET-y}", " x y"),
        ("${UNSET:-a${SET}b}", "ayesb"),
        ("${SET:+there}${UNSET+gone}", "there"),
        ("${SET:?never}", "yes"),
    ],
)
def test_variables_are_resolved_as_compose_does(text, expected):
    assert compose.resolve(text, {"SET": "yes", "EMPTY": ""}) == expected


def test_a_variable_that_must_be_set_is_asked_for():
    with pytest.raises(compose.Missing, match="SECRET: set it"):
        compose.resolve("${SECRET:?set it}", {"SECRET": ""})


def test_a_key_given_twice_is_refused(tmp_path):
    (tmp_path / "twice.yml").write_text("services:\n  web: {}\n  web: {}\n")
    with pytest.raises(ValueError, match="twice: web"):
        compose.load(tmp_path / "twice.yml", {})


# -- what the file promises ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_comes_from_the_environment(name):
    with pytest.raises(compose.Missing, match=name):
        compose.load(ROOT / "docker-compose.yml", {key: value for key, value in SECRETS.items() if key != name})


def test_the_whole_stack_is_there(services):
    assert set(services) == {*APPS, "migrate", "postgres", "valkey", "mail"}
    assert services["postgres"]["image"] == "postgres:18"
    assert services["valkey"]["image"] == "valkey/valkey:9"
    assert {services[name]["build"] for name in (*APPS, "migrate")} == {"."}


def test_every_service_that_stays_has_a_health_check(services):
    for name, service in services.items():
        if name == "migrate":
            assert service["restart"] == "no"
        else:
            assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name


def test_nothing_starts_before_what_it_needs_is_healthy(services):
    """A need is a service whose name stands as a host in the environment; and the tables."""
    for name in (*APPS, "migrate"):
        environment = " ".join(services[name]["environment"].values())
        conditions = {need: how["condition"] for need, how in services[name]["depends_on"].items()}
        if name == "migrate":
            assert conditions == {"postgres": "service_healthy"}
            continue
        assert conditions.pop("migrate") == "service_completed_successfully"
        hosts = {host for host in ("postgres", "valkey", "mail") if re.search(rf"[@/]{host}:\d", environment)}
        assert conditions == dict.fromkeys(hosts, "service_healthy") and len(hosts) == 3


def test_data_outlives_the_containers(file, services):
    kept = {name: service["volumes"][0].split(":", 1) for name, service in services.items() if "volumes" in service}
    # From version 18 PostgreSQL's image wants its volume one level above the data.
    assert kept["postgres"][1] == "/var/lib/postgresql"
    assert kept["valkey"][1] == "/data"
    assert {volume for volume, _ in kept.values()} == set(file["volumes"])


def test_web_and_worker_can_be_many(services):
    for name in ("web", "worker"):
        assert "container_name" not in services[name]
        assert "volumes" not in services[name]
    ports = compose.load(ROOT / "docker-compose.yml", SECRETS | {"PORT": "8000-8002"})["services"]["web"]["ports"]
    assert ports == ["127.0.0.1:8000-8002:8000"]


def test_only_loopback_is_published(services):
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == {"web", "mail"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_the_app_writes_nowhere_and_gains_no_rights(services):
    for name in (*APPS, "migrate"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]


def test_only_the_migrations_run_as_the_owner_of_the_tables(services):
    assert "//puljeplan:owners@" in services["migrate"]["environment"]["MIGRATE_DATABASE_URL"]
    for name in (*APPS, "migrate"):
        assert "//puljeplan_app:apps@" in services[name]["environment"]["DATABASE_URL"]
    for name in APPS:
        assert "owners" not in " ".join(services[name]["environment"].values())


def test_the_app_knows_of_the_proxy_before_it(services):
    """Else one visitor who asks for too many codes shuts everybody out for a while."""
    for number, variables in (("1", {}), ("2", {"TRUSTED_PROXY_COUNT": "2"})):
        web = compose.load(ROOT / "docker-compose.yml", SECRETS | variables)["services"]["web"]
        assert web["environment"]["TRUSTED_PROXY_COUNT"] == number


def test_every_variable_of_the_documentation_reaches_the_app(services):
    """What somebody writes in `.env` must not be passed over in silence."""
    told = re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    reached = set(services["beat"]["environment"]) | set(services["migrate"]["environment"])
    assert "FORMS_PER_MINUTE" in told
    assert set(told) <= reached


# -- the image -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dockerfile() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [tuple(line.strip().split(None, 1)) for line in lines]


def test_the_image_runs_as_an_ordinary_user_with_a_health_check(dockerfile):
    steps = [step for step, _ in dockerfile]
    users = [value for step, value in dockerfile if step == "USER"]
    assert users and users[-1] not in ("root", "0")
    assert steps.index("USER") < steps.index("CMD")
    assert "HEALTHCHECK" in steps


def test_the_image_is_built_from_files_that_are_there_and_let_through(dockerfile):
    let_through = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [source for step, value in dockerfile if step == "COPY" for source in value.split()[:-1]]
    assert "rollout" in copied
    for source in copied:
        assert (ROOT / source).exists()
        assert f"!{source}" in let_through


def test_the_image_gathers_its_files_without_any_server(dockerfile, tmp_path):
    (step,) = [value for step, value in dockerfile if step == "RUN" and "collectstatic" in value]
    for step_, value in dockerfile:
        if step_ == "COPY" and (source := ROOT / value.split()[0]).is_dir():
            shutil.copytree(source, tmp_path / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    subprocess.run(["sh", "-c", step], cwd=tmp_path, env={"PATH": _path()}, check=True, capture_output=True)
    assert (tmp_path / "staticfiles" / "staticfiles.json").exists()


def test_the_image_starts_what_web_starts(dockerfile, services):
    (command,) = [value for step, value in dockerfile if step == "CMD"]
    assert shlex.split(command.strip("[]").replace(",", " ")) == services["web"]["command"]


# -- its commands, run ---------------------------------------------------------------------------------------------


def _path() -> str:
    return f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def _here(command: list[str], *, port: int, folder: Path) -> list[str]:
    """A container's own port, address and /tmp become the test's."""
    own = {"0.0.0.0": "127.0.0.1", "8000": str(port), "/tmp/": f"{folder}/"}  # noqa: S104, S108
    for theirs, ours in own.items():
        command = [part.replace(theirs, ours) for part in command]
    return command


def _check(test: list[str]) -> list[str]:
    return ["sh", "-c", test[1]] if test[0] == "CMD-SHELL" else test[1:]


@pytest.mark.parametrize("name", APPS)
def test_the_command_runs_until_its_health_check_passes(name, services, environment, tmp_path):
    service, port = services[name], free_port()
    servers = {key: environment[key] for key in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL")}
    values = _here(list(service["environment"].values()), port=port, folder=tmp_path)
    variables = dict(zip(service["environment"], values, strict=True))
    variables |= servers | {"PATH": _path()}
    check = _here(_check(service["healthcheck"]["test"]), port=port, folder=tmp_path)

    def is_healthy() -> bool:
        return subprocess.run(check, cwd=ROOT, env=variables, capture_output=True).returncode == 0

    assert not is_healthy()
    with (tmp_path / "log").open("w") as log:
        command = _here(service["command"], port=port, folder=tmp_path)
        running = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + SECONDS
        while not is_healthy():
            assert running.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
    finally:
        running.terminate()
        running.wait(timeout=SECONDS)


def test_two_beats_and_two_workers_work_side_by_side(services, environment, tmp_path):
    """Each worker answers for itself, and a second beat starts though the first one runs."""
    variables = services["worker"]["environment"] | {
        key: environment[key] for key in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL")
    }
    variables |= {"PATH": _path()}
    running = []
    try:
        for number in (1, 2):
            own = tmp_path / str(number)
            own.mkdir()
            for name in ("worker", "beat"):
                command = [part.replace("%h", f"host{number}") for part in services[name]["command"]]
                with (own / name).open("w") as log:
                    running.append(
                        subprocess.Popen(
                            _here(command, port=1, folder=own),
                            cwd=ROOT,
                            env=variables | {"BEAT_MARK": str(own / "beat-mark")},
                            stdout=log,
                            stderr=log,
                        )
                    )
        ping = ["celery", "--app", "rollout", "inspect", "ping", "--destination", "worker@host1,worker@host2", "--json"]
        deadline = time.monotonic() + SECONDS
        while True:
            pong = subprocess.run(ping, cwd=ROOT, env=variables, capture_output=True, text=True).stdout
            both = "worker@host1" in pong and "worker@host2" in pong
            if both and all((tmp_path / str(number) / "beat-mark").exists() for number in (1, 2)):
                break
            assert time.monotonic() < deadline, pong
        assert [one.poll() for one in running] == [None] * 4
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait(timeout=SECONDS)
