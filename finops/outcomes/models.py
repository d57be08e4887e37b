"""The work: items people work on, who, their keys, their links and what became of them."""

from django.db import models

from finops.ledger.models import Import, Source
from finops.people.models import Team


class WorkItem(models.Model):
    """A pull request, ticket, conversation, deal, lead or incident. One canonical key per kind.

    A pull request's key is host/owner/repo#number in lower case; a ticket's is its key.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        ABANDONED = "abandoned", "Abandoned"
        REOPENED = "reopened", "Reopened"

    kind = models.TextField()
    key = models.TextField()
    external_id = models.TextField()  # as in the source that stated it first
    title = models.TextField(blank=True)
    url = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices)
    created_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)  # null: completion minus 21 days
    first_completed_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)  # last completion; null unless done
    closed_at = models.DateTimeField(null=True)  # when it was abandoned
    first_review_at = models.DateTimeField(null=True)
    deployed_at = models.DateTimeField(null=True)  # first in production, where the source says so
    repo = models.TextField(blank=True)  # owner/repo, lower case
    number = models.BigIntegerField(null=True)
    branch = models.TextField(blank=True)
    base_branch = models.TextField(blank=True)
    team = models.ForeignKey(
        Team, null=True, on_delete=models.SET_NULL, related_name="work_items"
    )  # as the source says
    size_added = models.BigIntegerField(null=True)
    size_deleted = models.BigIntegerField(null=True)
    value_amount = models.DecimalField(max_digits=38, decimal_places=9, null=True)
    value_currency = models.CharField(max_length=3, blank=True)
    labels = models.JSONField(default=list)
    is_bot_authored = models.BooleanField(default=False)
    version_at = models.DateTimeField()  # the source's own update time; older events change nothing

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="work_item_once")]
        indexes = [
            models.Index(fields=["completed_at"], name="work_item_completed"),
            models.Index(fields=["repo", "branch"], name="work_item_branch"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"


class WorkItemEvidence(models.Model):
    """That a source told us of an item, in which import and line. A second source adds one."""

    item = models.ForeignKey(WorkItem, on_delete=models.CASCADE, related_name="evidence")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    external_id = models.TextField()
    imp = models.ForeignKey(
        Import, on_delete=models.PROTECT, related_name="+", db_column="import_id"
    )
    line = models.BigIntegerField()
    content_hash = models.CharField(max_length=64)
    version_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "item"], name="work_item_evidence_once")
        ]


class WorkItemPerson(models.Model):
    """Somebody's part in an item, by the name the source uses (`github:alice`, an e-mail)."""

    item = models.ForeignKey(WorkItem, on_delete=models.CASCADE, related_name="people")
    actor = models.TextField()
    role = models.CharField(
        max_length=10
    )  # author co_author committer assignee owner reviewer merger
    weight = models.PositiveIntegerField(default=1)  # for outcome credit; 0 = none

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "actor", "role"], name="work_item_person_once")
        ]
        indexes = [models.Index(fields=["actor"], name="work_item_person_actor")]


class WorkItemKey(models.Model):
    """A key that ties money to an item: pr, ticket, conversation, deal, session, branch, commit."""

    item = models.ForeignKey(WorkItem, on_delete=models.CASCADE, related_name="keys")
    key_type = models.CharField(max_length=12)
    value = models.TextField()
    weight = models.BigIntegerField(default=1)  # AI lines for a session, else 1

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "key_type", "value"], name="work_item_key_once")
        ]
        indexes = [models.Index(fields=["key_type", "value"], name="work_item_key_value")]


class WorkItemLink(models.Model):
    """One item's word about another: reverts, fixes, closes. The target may not be known yet."""

    item = models.ForeignKey(WorkItem, on_delete=models.CASCADE, related_name="links")
    link_type = models.CharField(max_length=12)  # reverts fixes closes reopens duplicates part_of
    target_kind = models.TextField()
    target_key = models.TextField()
    evidence = models.CharField(max_length=8)  # api trailer text blame manual

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "link_type", "target_kind", "target_key"],
                name="work_item_link_once",
            )
        ]
        indexes = [models.Index(fields=["target_kind", "target_key"], name="work_item_link_target")]


class Transition(models.Model):
    """A change of an item's state, append-only."""

    item = models.ForeignKey(WorkItem, on_delete=models.CASCADE, related_name="transitions")
    to_state = models.CharField(max_length=10)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "to_state", "at"], name="transition_once")
        ]
