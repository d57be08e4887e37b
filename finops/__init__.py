"""Outlay: what every AI dollar paid for."""

from finops.celery import app as celery_app

__all__ = ["celery_app"]
__version__ = "0.1.0"
