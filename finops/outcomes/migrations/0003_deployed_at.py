from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outcomes", "0002_initial")]

    operations = [
        migrations.AddField("workitem", "deployed_at", models.DateTimeField(null=True)),
    ]
