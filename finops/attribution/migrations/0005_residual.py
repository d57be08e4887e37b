from django.db import migrations

# Which part of a log's measure lies beyond what finer logs already covered; null = nothing finer.
RESIDUAL = """
CREATE FUNCTION residual(measure numeric, covered numeric) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
    SELECT CASE WHEN covered IS NULL THEN 1
                WHEN measure = 0 THEN 0
                ELSE round(greatest(measure - covered, 0) / measure, 18) END
$f$;
"""


class Migration(migrations.Migration):
    dependencies = [("attribution", "0004_coarser_rollups")]

    operations = [migrations.RunSQL(RESIDUAL, "DROP FUNCTION residual(numeric, numeric)")]
