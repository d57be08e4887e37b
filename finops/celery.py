"""The Celery application. Its settings are the CELERY_* lines of finops.settings."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "finops.settings")

TICK_SECONDS = 30

app = Celery("outlay")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# What is due at a tick is decided by the app that owns the jobs. A tick that nobody took before
# the next one is worth nothing any more.
app.conf.beat_schedule = {
    "tick": {
        "task": "billing_ingest.tasks.tick",
        "schedule": TICK_SECONDS,
        "options": {"expires": TICK_SECONDS},
    }
}
