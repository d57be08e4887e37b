"""Who spends and who pays: the organisation, teams, people and their names at each vendor."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q


class Organisation(models.Model):
    """The one company these books belong to."""

    name = models.TextField(default="My company")
    reporting_currency = models.CharField(max_length=3, default="USD")
    fiscal_year_start_month = models.PositiveSmallIntegerField(default=1)
    time_zone = models.TextField(default="UTC")
    person_level = models.BooleanField(default=False)
    tied_percent_min = models.PositiveSmallIntegerField(default=60)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="organisation_is_single")]

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """A team; its place in the tree is dated (TeamPlacement)."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.TextField(unique=True)
    cost_center = models.TextField(blank=True)
    color = models.PositiveSmallIntegerField(default=0)  # 1 to 7, a team keeps it everywhere

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class TeamPlacement(models.Model):
    """Which team a team belonged to, and when. Half-open; an open end is null."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="placements")
    parent = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="children_placements")
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "valid_from"], name="team_placement_once", nulls_distinct=False
            )
        ]


class Person(models.Model):
    """Somebody who uses AI or finishes work. Known by e-mail."""

    email = models.TextField(unique=True)  # lower case
    name = models.TextField(blank=True)
    # Merged into another: its names and memberships are there, the row stays for the past.
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged"
    )

    def __str__(self) -> str:
        return self.name or self.email


class Membership(models.Model):
    """Which team a person belonged to, and when. Half-open; an open end is null."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "valid_from"], name="membership_once", nulls_distinct=False
            )
        ]


class Identity(models.Model):
    """An outside name (`github:alice`, `api_key:k1`, `email:a@x`) and whose it is, dated.

    Exactly one of person and team is set, or neither for a shared service. A service account
    (`service` names it: "nightly build") belongs to a team. A shared name's money is overhead.
    """

    namespace = models.TextField()
    external_id = models.TextField()
    person = models.ForeignKey(
        Person, null=True, on_delete=models.CASCADE, related_name="identities"
    )
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="identities")
    is_shared = models.BooleanField(default=False)
    service = models.TextField(blank=True, default="", db_default="")
    reason = models.TextField(blank=True, default="", db_default="")  # why we say so
    confirmed_by = models.ForeignKey(
        "people.User", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    recorded_at = models.DateTimeField(null=True, auto_now_add=True)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["namespace", "external_id", "valid_from"],
                name="identity_once",
                nulls_distinct=False,
            ),
        ]
        indexes = [models.Index(fields=["external_id"], name="identity_external")]


class User(AbstractUser):
    """Somebody who signs in. The role decides what they see; a manager sees their teams."""

    class Role(models.TextChoices):
        CFO = "cfo", "Finance"
        MANAGER = "manager", "Manager"
        ADMIN = "admin", "Administrator"

    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MANAGER)
    teams = models.ManyToManyField(Team, blank=True, related_name="managers")
