"""The verbs from a shell: what they say, what they do, and how they end."""

import io
import json
import subprocess
import sys
from typing import NamedTuple

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command

from agencies.models import Agency, Person, Role, RoleName
from rollout.models import CAPACITY, Decision, EventKind, Placement, PlanEvent, Rollout
from rollout.reference import AGENCIES_FILE
from tests import factories

pytestmark = pytest.mark.django_db
LEAD = ("--by", "prosjektleder@example.org")
COMMANDS = (
    "import_agencies",
    "show_plan",
    "move_agency",
    "decide",
    "invite",
    "create_rollout",
    "load_reference_rollout",
    "send_weekly_status",
    "open_due_waves",
    "deliver_outgoing",
)


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def run(name: str, *args: str) -> Ended:
    out, err, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command(name, *args, stdout=out, stderr=err)
    except SystemExit as end:
        code = end.code
    except CommandError as wrong:  # what argparse's exit code 2 is when a command is called from Python
        code = 2
        err.write(str(wrong))
    return Ended(code, out.getvalue(), err.getvalue())


def manage(environment, *args: str, stdin: bytes | None = None) -> Ended:
    """The command as a process of its own, as a person starts it."""
    done = subprocess.run(
        [sys.executable, "manage.py", *args],
        cwd=django_settings.BASE_DIR,
        env=environment,
        input=stdin,
        capture_output=True,
        timeout=60,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


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


@pytest.mark.parametrize("args", [("kli", "første"), ("kli", "-1"), ("kli",), ("kli", "1", "2"), ()])
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


# show_plan


def test_the_plan_as_json_has_the_shape_that_was_promised(rollout, settings):
    settings.DEMO_MODE = True
    factories.set_clock(factories.NOW)
    wave = rollout.waves.get(number=1)
    factories.make_ready(factories.place(factories.make_agency("oby", employees=155, name="Omsorgsbygg"), wave))
    factories.make_ready(factories.place(factories.make_agency("vav"), wave), but_not=("readiness_confirmed",))
    factories.give_go(wave)
    shown = json.loads(run("show_plan", "--json").out)
    assert {name: shown[name] for name in ("now", "rollout", "totals", "licences")} == {
        "now": "2018-02-01T09:00:00+01:00",
        "rollout": "workplace-2018",
        "totals": {"agencies": 4, "employees": 1942, "planned_coverage_percent": 3.5, "with_access": 0},
        "licences": {"pool": 45000, "reserved": 0, "free": 45000},
    }
    assert list(shown) == ["now", "rollout", "totals", "licences", "queue", "waves"]
    first, second = shown["waves"]
    assert {name: value for name, value in first.items() if name != "agencies"} == {
        "number": 1,
        "state": "planned",
        "decision": "go",
        "leaders_on": "2018-02-07",
        "all_staff_on": "2018-02-27",
        "capacity": 5,
    }
    assert (second["decision"], second["agencies"]) == (None, [])
    ready, unready = first["agencies"]
    assert ready == {
        "slug": "oby",
        "name": "Omsorgsbygg",
        "employees": 155,
        "position": 1,
        "version": 1,
        "ready": True,
        "problems": [],
    }
    assert unready["problems"] == [
        {
            "code": "not_confirmed",
            "step": "readiness_confirmed",
            "role": "kommunikasjonssjef",
            "due_on": "2018-02-02",
            "days_late": 0,
        }
    ]
    assert [agency["slug"] for agency in shown["queue"]] == ["bns", "kli"]
    assert {(problem["due_on"], problem["days_late"]) for problem in shown["queue"][0]["problems"]} == {(None, None)}


def test_a_voided_go_is_shown_as_no_decision(rollout):
    wave = rollout.waves.get(number=1)
    factories.give_go(wave)
    wave.plan_version += 1
    wave.save()
    assert json.loads(run("show_plan", "--json").out)["waves"][0]["decision"] is None


def test_the_plan_as_text_can_be_read(rollout, settings):
    settings.DEMO_MODE = True
    factories.set_clock(factories.at("2018-02-06 09:00"))
    factories.make_ready(
        factories.place(factories.make_agency("vav", name="Vann- og avløpsetaten"), rollout.waves.get(number=1)),
        but_not=("readiness_confirmed", "sponsor"),
    )
    shown = run("show_plan").out.replace("\N{NO-BREAK SPACE}", " ")
    assert "Workplace i Oslo kommune (workplace-2018), tirsdag 6. februar 2018 kl. 09.00" in shown
    assert "3 virksomheter, 1 787 medarbeidere: planlagt dekning 3,2 % av 55 400 i kommunen." in shown
    assert "Kø: 2 virksomheter" in shown
    assert (
        "Pulje 1: planlagt, ingen beslutning. Ledere onsdag 7. februar 2018, alle tirsdag 27. februar 2018. 1 av 5."
        in shown
    )
    (line,) = [line for line in shown.splitlines() if "vav" in line]
    assert " ".join(line.split()) == "1 vav Vann- og avløpsetaten 100 mangler: steg 1, 10 (55 dager for sent)"


def test_the_plan_of_another_rollout_is_shown_by_name(rollout):
    factories.make_rollout(slug="teams-2019", municipality_employees=None)
    shown = json.loads(run("show_plan", "--json", "--rollout", "teams-2019").out)
    assert shown["rollout"] == "teams-2019"
    assert shown["totals"]["planned_coverage_percent"] is None
    assert run("show_plan", "--rollout", "teams-2019").code == 0


def test_without_a_rollout_there_is_nothing_to_show(db):
    ended = run("show_plan")
    assert ended.code == 1 and "create_rollout" in ended.err


# create_rollout


def test_the_first_rollout_has_all_it_needs_and_is_active(db):
    factories.make_lead()
    args = (
        "--tool",
        "Workplace",
        "--employees",
        "55400",
        "--source",
        "Eget tall",
        "--pool",
        "45000",
        "--price",
        "24,50",
    )
    ended = run("create_rollout", "workplace-2018", "Workplace i Oslo", *args, *LEAD)
    assert ended == Ended(0, "Workplace i Oslo er laget (aktiv): /r/workplace-2018/\n", "")
    rollout = Rollout.objects.get()
    assert rollout.is_active and not rollout.is_example
    assert (rollout.licence_pool.size, str(rollout.licence_pool.price_nok)) == (45000, "24.50")
    assert rollout.course_versions.get().steps.count() == 12
    text = rollout.guideline_versions.get().text
    assert text.startswith("# Kjøreregler for Workplace\n") and "{" not in text
    assert list(rollout.events.values_list("kind", flat=True)) == ["rollout_created", "guidelines_published"]


def test_the_next_rollout_waits_until_it_is_made_the_active_one(rollout):
    assert "(ikke aktiv)" in run("create_rollout", "teams-2019", "Teams", *LEAD).out
    assert Rollout.objects.active() == rollout
    assert "(aktiv)" in run("create_rollout", "slack-2020", "Slack", "--activate", *LEAD).out
    assert Rollout.objects.active().slug == "slack-2020"


def test_a_taken_slug_is_refused(rollout):
    ended = run("create_rollout", "workplace-2018", "En til", *LEAD)
    assert ended.code == 1 and "finnes fra før" in ended.err


@pytest.mark.parametrize(
    "args",
    [("Å", "Navn"), ("STOR", "Navn"), ("ny", " "), ("ny", "Navn", "--price", "gratis"), ("ny", "Navn", "--pool", "-1")],
)
def test_a_rollout_with_a_bad_name_or_figure_is_wrong_usage(rollout, args):
    assert run("create_rollout", *args, *LEAD).code == 2


# invite


def test_the_first_lead_lets_the_others_in(db):
    assert run("invite", "Lead@example.org", "project_lead").code == 0
    assert run("invite", "leser@example.org", "reader", "--by", "lead@example.org").code == 0
    factories.make_agency("kli")
    assert run("invite", "sjef@example.org", "communication_chief", "kli", "--by", "lead@example.org").code == 0
    roles = Role.objects.order_by("pk").values_list("person__email", "role", "agency__slug")
    assert list(roles) == [
        ("lead@example.org", "project_lead", None),
        ("leser@example.org", "reader", None),
        ("sjef@example.org", "communication_chief", "kli"),
    ]


def test_without_a_lead_only_a_lead_can_be_invited_and_then_only_one(db):
    assert "må være prosjektleder" in run("invite", "a@example.org", "reader").err
    run("invite", "a@example.org", "project_lead")
    ended = run("invite", "b@example.org", "project_lead")
    assert ended.code == 1 and "--by" in ended.err
    assert Person.objects.count() == 1


def test_an_invitation_is_an_event_without_the_address(rollout):
    run("invite", "b@example.org", "reader", *LEAD)
    event = PlanEvent.objects.get(kind=EventKind.ROLE_GIVEN)
    person = Person.objects.get(email="b@example.org")
    assert event.after == {"person": person.pk, "role": "reader"} and event.by.email == "prosjektleder@example.org"


def test_a_role_held_already_is_refused(rollout):
    ended = run("invite", "prosjektleder@example.org", "project_lead", *LEAD)
    assert (ended.code, ended.err) == (1, "prosjektleder@example.org er alt prosjektleder.\n")
    run("invite", "a@example.org", "key_person", "kli", *LEAD)
    assert "nøkkelperson i Virksomhet kli" in run("invite", "a@example.org", "key_person", "kli", *LEAD).err


@pytest.mark.parametrize(
    "args",
    [
        ("ikke-en-adresse", "reader"),
        ("a@example.org", "sjef"),
        ("a@example.org", "reader", "kli"),
        ("a@example.org", "key_person"),
    ],
)
def test_an_invitation_is_an_address_a_role_and_perhaps_an_agency(rollout, args):
    assert run("invite", *args, *LEAD).code == 2


def test_an_unknown_agency_is_refused(rollout):
    assert "«xyz» finnes ikke" in run("invite", "a@example.org", "deputy", "xyz", *LEAD).err


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
