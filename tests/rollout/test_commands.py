"""The verbs from a shell: what they say, what they do, and how they end."""

import pytest
from django.core.management import call_command, get_commands

from agencies.models import Agency, Person, Role, RoleName
from rollout.models import CAPACITY, Decision, EventKind, Placement, PlanEvent
from rollout.reference import AGENCIES_FILE
from tests import factories
from tests.shell import LEAD, Ended, manage, run

pytestmark = pytest.mark.django_db
#: Ours, also where Django has one of the same name.
COMMANDS = sorted(name for name, app in get_commands().items() if app == "rollout")


@pytest.fixture
def rollout(db):
    factories.make_lead()
    rollout = factories.make_rollout(waves=2)
    for slug, employees in (("bns", 1650), ("kli", 37)):
        factories.place(factories.make_agency(slug, employees=employees))
    return rollout


def where(slug: str):
    placement = Placement.objects.select_related("wave").get(agency__slug=slug)
    return (placement.wave and placement.wave.number, placement.position)


# move_agency


def test_an_agency_is_moved_to_a_wave_and_back_to_the_queue(rollout):
    ended = run("move_agency", "kli", "2", "--reason", "Bytter plass", *LEAD)
    assert ended == Ended(0, "Virksomhet kli er flyttet til Pulje 2.\n", "")
    assert where("kli") == (2, 1)
    assert run("move_agency", "kli", "queue", *LEAD).out == "Virksomhet kli er flyttet til køen.\n"
    assert where("kli") == (None, 2)
    first, _second = PlanEvent.objects.filter(kind=EventKind.MOVED)
    assert (first.by.email, first.reason) == ("prosjektleder@example.org", "Bytter plass")


def test_a_full_wave_is_refused_in_words(rollout):
    wave = rollout.waves.get(number=1)
    for _ in range(CAPACITY):
        factories.place(factories.make_agency(), wave)
    ended = run("move_agency", "kli", "1", *LEAD)
    assert ended.code == 1 and ended.out == ""
    assert ended.err == "Pulje 1 er full: den har 5 virksomheter. Flytt en ut, eller velg en annen pulje.\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("xyz", "1"), "Virksomheten «xyz» er ikke med"),
        (("kli", "9"), "Pulje 9 finnes ikke"),
        (("kli", "1", "--rollout", "teams"), "Utrullingen «teams» finnes ikke. Disse finnes: workplace-2018."),
    ],
)
def test_what_is_not_there_is_refused(rollout, args, said):
    ended = run("move_agency", *args, *LEAD)
    assert ended.code == 1 and said in ended.err


@pytest.mark.parametrize(
    "args", [("kli", "første"), ("kli", "-1"), ("kli", "9" * 5000), ("kli",), ("kli", "1", "2"), ()]
)
def test_wrong_usage_is_not_a_refusal(rollout, args):
    assert run("move_agency", *args, *LEAD).code == 2
    assert where("kli") == (None, 2)


# Who acts


def test_someone_must_act_outside_the_demo(rollout):
    ended = run("move_agency", "kli", "1")
    assert ended.code == 2 and "--by" in ended.err


def test_the_demo_has_someone_who_acts(rollout, settings):
    settings.DEMO_MODE = True
    factories.set_clock(factories.NOW)
    assert run("move_agency", "kli", "1").code == 0
    event = PlanEvent.objects.get()
    assert (event.by.email, event.at) == ("prosjektleder@example.org", factories.NOW)


@pytest.mark.parametrize("role", [role for role in RoleName if role != RoleName.PROJECT_LEAD])
@pytest.mark.parametrize(
    "command",
    [
        ("move_agency", "kli", "1"),
        ("decide", "1", "go", "--reason", "Klar"),
        ("import_agencies", str(AGENCIES_FILE)),
        ("create_rollout", "ny", "Ny"),
        ("invite", "ny@example.org", "reader"),
    ],
    ids=lambda command: command[0],
)
def test_only_a_project_lead_may_act(rollout, role, command):
    central = role in (RoleName.SPONSOR, RoleName.READER)
    factories.give_role("other@example.org", role, None if central else Agency.objects.get(slug="kli"))
    events, people = PlanEvent.objects.count(), Person.objects.count()
    ended = run(*command, "--by", "Other@example.org")
    assert ended.code == 1 and "other@example.org kan ikke gjøre dette." in ended.err
    assert (PlanEvent.objects.count(), Person.objects.count()) == (events, people)


def test_someone_unknown_or_whose_role_has_ended_may_not_act(rollout):
    assert "Ingen har adressen" in run("move_agency", "kli", "1", "--by", "who@example.org").err
    Role.objects.update(until=factories.NOW)
    assert run("move_agency", "kli", "1", *LEAD).code == 1


# decide


def test_a_decision_is_given_with_its_reason(rollout):
    wave = rollout.waves.get(number=2)
    wave.leaders_on, wave.all_staff_on = (
        factories.at("2099-01-05 00:00").date(),
        factories.at("2099-02-05 00:00").date(),
    )
    wave.save()
    factories.place(factories.make_agency(), wave)
    assert run("decide", "2", "go", "--reason", "Alt er klart", *LEAD).out == "Pulje 2: klarsignal er registrert.\n"
    assert run("decide", "2", "no-go", "--reason", "Vent", *LEAD).out == "Pulje 2: stopp er registrert.\n"
    assert list(Decision.objects.values_list("verdict", "reason")) == [("go", "Alt er klart"), ("no-go", "Vent")]


def test_a_go_for_an_empty_wave_is_refused(rollout, settings):
    settings.DEMO_MODE = True
    factories.set_clock(factories.NOW)
    ended = run("decide", "1", "go", "--reason", "Klar")
    assert (ended.code, ended.err) == (1, "Pulje 1 har ingen virksomheter. Flytt noen inn først.\n")


@pytest.mark.parametrize("args", [("1", "kanskje", "--reason", "x"), ("1", "go"), ("en", "go", "--reason", "x")])
def test_a_decision_is_a_wave_a_verdict_and_a_reason(rollout, args):
    assert run("decide", *args, *LEAD).code == 2


# import_agencies


def test_a_list_is_imported_once(rollout):
    ended = run("import_agencies", str(AGENCIES_FILE), *LEAD)
    assert ended.code == 0
    assert ended.out.endswith("Importert: 47 nye, 2 endret, 0 uendret. 24 i kø.\n")
    assert "endret   kli  medarbeidere" not in ended.out and "endret   kli  navn" in ended.out
    assert run("import_agencies", str(AGENCIES_FILE), *LEAD).out == "Importert: 0 nye, 0 endret, 49 uendret.\n"


def test_a_dry_run_tells_the_same_and_writes_nothing(rollout):
    tried = run("import_agencies", str(AGENCIES_FILE), "--dry-run", *LEAD)
    assert Agency.objects.count() == 2 and not PlanEvent.objects.exists()
    done = run("import_agencies", str(AGENCIES_FILE), *LEAD)
    assert tried.out.replace("Ville gitt:", "Importert:") == done.out


def test_every_bad_line_is_listed_and_nothing_is_written(rollout, tmp_path):
    file = tmp_path / "liste.csv"
    lines = AGENCIES_FILE.read_text(encoding="utf-8").splitlines()
    lines[3] = lines[3].replace(",37,", ",-37,")
    lines[7] = lines[7].replace("bydel", "by")
    file.write_text("\n".join(lines), encoding="cp1252")
    ended = run("import_agencies", str(file), *LEAD)
    assert ended.code == 1 and ended.out == ""
    assert [line.split(":")[0] for line in ended.err.splitlines()] == ["Linje 4, employees", "Linje 8, kind"]
    assert Agency.objects.count() == 2


def test_a_file_that_cannot_be_read_is_refused(rollout, tmp_path):
    ended = run("import_agencies", str(tmp_path / "borte.csv"), *LEAD)
    assert ended.code == 1 and "borte.csv kan ikke leses" in ended.err


# preview_mail and forecast


def test_mail_that_cannot_be_written_is_told(rollout, tmp_path):
    (tmp_path / "mail").write_text("in the way")
    ended = run("preview_mail", str(tmp_path / "mail"))
    assert ended.code == 1 and "mail kan ikke skrives" in ended.err


# As processes


@pytest.mark.django_db(transaction=True)
def test_commands_end_with_a_sentence_and_a_code(environment):
    factories.make_lead()
    rollout = factories.make_rollout(waves=1)
    factories.place(factories.make_agency("kli"))
    assert manage(environment, "move_agency", "kli", "1", *LEAD).code == 0
    refused = manage(environment, "move_agency", "kli", "3", *LEAD)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == f"Pulje 3 finnes ikke i {rollout}. Lag den på tavlen, eller velg en annen.\n"
    usage = manage(environment, "move_agency", "kli", "tre", *LEAD)
    assert usage.code == 2 and "usage:" in usage.err and "Traceback" not in usage.err


@pytest.mark.django_db(transaction=True)
def test_a_list_can_be_piped_in(environment):
    factories.make_lead()
    factories.make_rollout()
    ended = manage(environment, "import_agencies", "-", *LEAD, stdin=AGENCIES_FILE.read_bytes())
    assert ended.out.splitlines()[-1] == "Importert: 49 nye, 0 endret, 0 uendret. 26 i kø."


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_how_it_is_used(name, capsys):
    with pytest.raises(SystemExit) as end:
        call_command(name, "--help")
    assert end.value.code == 0
    assert "usage:" in capsys.readouterr().out
