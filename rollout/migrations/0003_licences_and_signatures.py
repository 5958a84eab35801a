"""Rule 8: the pool's counter follows the budgets, so its CHECK refuses whatever would overdraw it, whoever writes.
Rule 5: a sign-off's hash must be the hash of the version it names."""

from django.db import migrations

CREATE_POOL = """
CREATE FUNCTION count_reserved_licences() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change integer := COALESCE(NEW.reserved, 0) - COALESCE(OLD.reserved, 0);
BEGIN
    IF change <> 0 THEN
        UPDATE rollout_licencepool SET reserved = reserved + change
        FROM rollout_placement p
        WHERE p.id = COALESCE(NEW.placement_id, OLD.placement_id) AND rollout_licencepool.rollout_id = p.rollout_id;
        IF NOT FOUND AND TG_OP <> 'DELETE' THEN
            RAISE EXCEPTION 'no licence pool to reserve from' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_reserved AFTER INSERT OR UPDATE OR DELETE ON rollout_licencebudget
    FOR EACH ROW EXECUTE FUNCTION count_reserved_licences();
"""
DROP_POOL = "DROP TRIGGER count_reserved ON rollout_licencebudget; DROP FUNCTION count_reserved_licences();"

CREATE_HASH = """
ALTER TABLE rollout_signoff ADD CONSTRAINT signed_the_text_that_was_seen
    FOREIGN KEY (version_id, text_hash) REFERENCES rollout_guidelineversion (id, text_hash);
"""
DROP_HASH = "ALTER TABLE rollout_signoff DROP CONSTRAINT signed_the_text_that_was_seen;"


class Migration(migrations.Migration):
    dependencies = [("rollout", "0002_append_only")]
    operations = [migrations.RunSQL(CREATE_POOL, DROP_POOL), migrations.RunSQL(CREATE_HASH, DROP_HASH)]
