from django.db import migrations

# The ticket keys in a branch name, lower case: feature/ABC-12-fix -> {abc-12}.
TICKET_KEYS = r"""
CREATE FUNCTION ticket_keys(branch text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
    SELECT coalesce(array_agg(DISTINCT lower(m[1])), '{}')
    FROM regexp_matches(branch, '([A-Za-z][A-Za-z0-9]+-[0-9]+)', 'g') AS m
$f$;
"""


class Migration(migrations.Migration):
    dependencies = [("attribution", "0001_initial")]

    operations = [migrations.RunSQL(TICKET_KEYS, "DROP FUNCTION ticket_keys(text)")]
