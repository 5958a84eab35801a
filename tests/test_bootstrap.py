"""scripts/bootstrap on machines that lack one thing or another: folders of stand-in programs, and no network."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ["sh", "dirname", "cmp", "rm", "mkdir", "cp", "cat", "sed", "tail", "chmod", "env", "grep"]

# A stand-in writes down how it was called. uv makes a .venv whose python says it is 3.13.
UV = """
case "$1" in
venv) case "$*" in *only-managed*) [ -z "$NO_DOWNLOAD" ] || exit 1 ;; esac
    mkdir -p .venv/bin && printf '#!/bin/sh\\nexit 0\\n' > .venv/bin/python && chmod +x .venv/bin/python ;;
pip) echo "index=$UV_DEFAULT_INDEX more=$UV_INDEX" >> "$CALLS"; [ -z "$NO_NETWORK" ] || exit 1 ;;
esac
"""
PIP = """
case "$1" in
config) printf "%s" "$PIP_SETTINGS" ;;
install) [ -z "$NO_NETWORK" ] || exit 1; cp "$STAND_INS/uv" "$(dirname "$0")/uv" ;;
esac
"""
PYTHON = """
case "$1 $2" in
"-m venv") [ -n "$HAS_VENV" ] || [ -e "$STAND_INS/venv-installed" ] || exit 1
    mkdir -p "$3/bin"; cp "$STAND_INS/pip" "$3/bin/pip" ;;
"-m pip") [ -n "$HAS_PIP" ] || exit 1; mkdir -p "$6/bin"; cp "$STAND_INS/uv" "$6/bin/uv" ;;
"-c "*) [ -z "$IS_313" ] || echo /machine/python3 ;;
*fetch_uv.py*) [ -n "$HAS_CERTIFICATES" ] || exit 1; mkdir -p "$2"; cp "$STAND_INS/uv" "$2/uv" ;;
esac
"""
APT = """[ "$1" != install ] || : > "$STAND_INS/venv-installed" """
SENTENCES = {"python": "python3 is missing", "uv": "could not get uv", "3.13": "Python 3.13 is missing"}


class Machine:
    """A checkout, and what is on PATH."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.programs, self.stand_ins = (folder / name for name in ("checkout", "bin", "stand-ins"))
        for made in (self.checkout / "scripts", self.programs, self.stand_ins):
            made.mkdir(parents=True)
        self.calls = folder / "calls"
        self.calls.touch()
        for name in ("scripts/bootstrap", "scripts/fetch_uv.py", "requirements.txt", "requirements-dev.txt"):
            shutil.copy(ROOT / name, self.checkout / name)
        for name in TOOLS:
            (self.programs / name).symlink_to(shutil.which(name))
        self.put("uv", UV, on_path=False)
        self.put("pip", PIP, on_path=False)
        self.put("python3", PYTHON)
        self.put("id", "echo 1000")

    def put(self, name: str, script: str, *, on_path: bool = True) -> None:
        path = (self.programs if on_path else self.stand_ins) / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> "$CALLS"\n{script}')
        path.chmod(0o755)

    def bootstrap(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        self.calls.write_text("")
        own = {
            "PATH": str(self.programs),
            "HOME": "/nowhere",
            "CALLS": str(self.calls),
            "STAND_INS": str(self.stand_ins),
        }
        return subprocess.run(
            [self.checkout / "scripts" / "bootstrap", *arguments], env=own | environment, capture_output=True, text=True
        )

    def called(self, start: str) -> list[str]:
        return [line for line in self.calls.read_text().splitlines() if line.startswith(start)]


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path)


WAYS_TO_UV = {
    "venv": {"HAS_VENV": "1"},
    "pip": {"HAS_PIP": "1"},
    "the registry": {"HAS_CERTIFICATES": "1"},
}


@pytest.mark.parametrize("way", WAYS_TO_UV.values(), ids=WAYS_TO_UV)
def test_uv_is_got_in_whatever_way_there_is(machine, way):
    done = machine.bootstrap(IS_313="1", **way)
    assert done.returncode == 0, done.stderr
    assert machine.called("uv pip install") == [
        "uv pip install --quiet --require-hashes --python .venv/bin/python -r requirements.txt"
    ]


def test_as_root_on_debian_the_missing_package_is_installed(machine):
    machine.put("id", "echo 0")
    machine.put("apt-get", APT)
    assert machine.bootstrap(IS_313="1").returncode == 0
    assert machine.called("apt-get") == ["apt-get update", "apt-get install -y python3-venv"]


def test_an_ordinary_user_is_never_sent_to_apt(machine):
    machine.put("apt-get", APT)
    assert machine.bootstrap(IS_313="1").returncode == 1
    assert machine.called("apt-get") == []


def test_the_machines_own_uv_is_used(machine):
    shutil.copy(machine.stand_ins / "uv", machine.programs / "uv")
    assert machine.bootstrap(IS_313="1").returncode == 0
    assert machine.called("python3 -m") == []


def test_nothing_is_done_when_nothing_changed(machine):
    assert machine.bootstrap(IS_313="1", HAS_VENV="1").returncode == 0
    assert machine.bootstrap().returncode == 0
    assert machine.calls.read_text() == ""


@pytest.mark.parametrize("name", ["requirements.txt", ".venv/bin/python"])
def test_a_changed_list_or_a_lost_python_is_put_right(machine, name):
    assert machine.bootstrap(IS_313="1", HAS_VENV="1").returncode == 0
    (machine.checkout / name).write_text("#!/bin/sh\nexit 1\n")
    assert machine.bootstrap(IS_313="1").returncode == 0
    assert machine.called("uv pip install")


def test_the_tools_of_development_make_the_demos_own_list_done_too(machine):
    assert machine.bootstrap("dev", IS_313="1", HAS_VENV="1").returncode == 0
    assert machine.called("uv pip sync")
    assert machine.bootstrap().returncode == 0
    assert machine.calls.read_text() == ""


def test_a_failed_installation_is_not_taken_for_done(machine):
    assert machine.bootstrap(IS_313="1", HAS_PIP="1", NO_NETWORK="1").returncode == 1
    assert machine.bootstrap(IS_313="1").returncode == 0
    assert machine.called("uv pip install")


def test_where_there_is_no_python_3_13_uv_fetches_its_own(machine):
    assert machine.bootstrap(HAS_VENV="1").returncode == 0
    assert machine.called("uv venv") == ["uv venv --quiet --python-preference only-managed --python 3.13 .venv"]


def test_the_registry_pip_is_told_of_is_used(machine):
    settings = "global.index-url='https://mirror.example.org/simple'\n:env:.extra-index-url='https://a.example\\nhttps://b.example'\n"
    assert machine.bootstrap(IS_313="1", HAS_VENV="1", PIP_SETTINGS=settings).returncode == 0
    assert machine.called("index=") == [
        "index=https://mirror.example.org/simple more=https://a.example https://b.example"
    ]


@pytest.mark.parametrize(
    ("lacking", "environment"),
    [("python", {}), ("uv", {}), ("3.13", {"HAS_VENV": "1", "NO_DOWNLOAD": "1"})],
)
def test_what_is_missing_is_told_in_one_sentence(machine, lacking, environment):
    if lacking == "python":
        (machine.programs / "python3").unlink()
    done = machine.bootstrap(**environment)
    assert done.returncode == 1
    (last,) = [line for line in done.stderr.splitlines() if "..." not in line]
    assert SENTENCES[lacking] in last


def test_uv_itself_can_be_asked_for(machine):
    assert machine.bootstrap("uv", "pip", "compile", HAS_VENV="1").returncode == 0
    assert machine.called("uv pip compile")
    assert not (machine.checkout / ".venv").exists()


def test_the_script_is_plain_sh(machine):
    shell = shutil.which("dash") or shutil.which("sh")
    done = subprocess.run([shell, "-n", ROOT / "scripts" / "bootstrap"], env=os.environ, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
