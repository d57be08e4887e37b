"""The Celery application. Its settings are the CELERY_* lines of finops.settings."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "finops.settings")

app = Celery("outlay")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
