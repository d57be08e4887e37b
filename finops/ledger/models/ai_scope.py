"""Which lines of a bill are for AI, and what for: a dated table that administrators may change."""

from django.conf import settings
from django.db import models


class AiScopeRule(models.Model):
    """What the lines are that three patterns fit, on the days the rule holds.

    The first rule in order that fits a line decides; a line that none fits is not AI. A pattern
    finds its words anywhere in a text, in any case; `|` stands between alternatives and `*` for
    anything. An empty pattern fits everything. Rules are ended, never deleted: lines that were
    booked keep what was found then.
    """

    class AiClass(models.TextChoices):
        INFERENCE = "inference", "Inference"
        TRAINING = "training", "Training"
        INFRASTRUCTURE = "infrastructure", "Infrastructure"
        NOT_AI = "not_ai", "Not AI"

    class Origin(models.TextChoices):
        DEFAULT = "default", "Shipped"
        ADMIN = "admin", "Made here"

    position = models.IntegerField()
    provider = models.TextField(blank=True, default="")  # of the slug: aws, azure, gcp
    service = models.TextField(blank=True, default="")  # of service, publisher and category
    sku = models.TextField(blank=True, default="")  # of meter or usage type, description, SKU
    ai_class = models.CharField(max_length=14, choices=AiClass.choices)
    valid_from = models.DateField(null=True, blank=True)  # null = always was
    valid_to = models.DateField(null=True, blank=True)  # half-open; null = holds
    origin = models.CharField(max_length=7, choices=Origin.choices, default=Origin.ADMIN)
    note = models.TextField(blank=True, default="")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True)
                | models.Q(valid_from__isnull=True)
                | models.Q(valid_to__gte=models.F("valid_from")),
                name="ai_scope_ends_after_it_begins",
            )
        ]
