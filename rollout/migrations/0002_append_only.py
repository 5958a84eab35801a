"""Rule 9: events, decisions, sign-offs, guideline versions and status reports are written once and never changed."""

from django.db import migrations

TABLES = (
    "rollout_planevent",
    "rollout_decision",
    "rollout_signoff",
    "rollout_guidelineversion",
    "rollout_statusreport",
)

CREATE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
""" + "".join(
    f"""
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
    for table in TABLES
)
DROP = "".join(f"DROP TRIGGER append_only ON {table};\n" for table in TABLES) + "DROP FUNCTION refuse_change();"


class Migration(migrations.Migration):
    dependencies = [("rollout", "0001_the_plan")]
    operations = [migrations.RunSQL(CREATE, DROP)]
