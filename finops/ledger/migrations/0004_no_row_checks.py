"""No foreign key from a charge or usage row to its slice in the database.

It would look the slice up once per row of a bulk load, which costs a third of the load. The
loader writes rows only under slices it has just made, and slices are never deleted.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_partitions")]

    operations = [
        migrations.AlterField(
            model_name="charge",
            name="slice",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="charges",
                to="ledger.slice",
            ),
        ),
        migrations.AlterField(
            model_name="usage",
            name="slice",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="usages",
                to="ledger.slice",
            ),
        ),
    ]
