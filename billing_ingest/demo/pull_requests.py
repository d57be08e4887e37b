"""A year of pull requests: planned month by month, then numbered as the repositories would."""

import math
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Literal

from billing_ingest.demo.calendar import Calendar, at_work, office_time, workdays
from billing_ingest.demo.company import ENGINEERING_TEAMS, GITHUB_OWNER, TeamProfile
from billing_ingest.demo.dice import dice
from billing_ingest.demo.roster import Person, Roster
from billing_ingest.demo.story import ENGINEERING_STORIES, EngineeringStory, at
from finops.periods import Period

Purpose = Literal["work", "fix", "revert", "abandoned"]
SIZE_SPREAD = 0.6  # sigma of the log of a pull request's cost
SIZE_OF_FIX, SIZE_OF_REVERT = 0.8, 0.12


@dataclass(eq=False)
class PullRequest:
    """A pull request's life. `dollars` is an aim for the sessions that worked on it."""

    team: TeamProfile
    repo: str  # owner/name
    author: Person
    purpose: Purpose
    started_at: datetime
    created_at: datetime
    ended_at: datetime  # merged, or closed when abandoned; in the future while it is open
    size: float
    culprit: "PullRequest | None" = None
    dollars: float = 0.0
    number: int = 0
    branch: str = ""
    topic: str = ""
    sessions: list[str] = field(default_factory=list)  # cited in the body

    @property
    def key(self) -> str:
        return f"{self.repo}#{self.number}"

    @property
    def is_merged(self) -> bool:
        return self.purpose != "abandoned"


def plan_pull_requests(calendar: Calendar, roster: Roster, seed: int) -> list[PullRequest]:
    """Return every pull request opened before `today`, numbered per repository."""
    planned = [
        pull_request
        for team in ENGINEERING_TEAMS
        for month in calendar.months
        for pull_request in _month_of_work(
            dice(seed, "work", team.slug, month.start), calendar, roster, team, month
        )
    ]
    known = [pull_request for pull_request in planned if pull_request.created_at < calendar.now]
    known.sort(key=attrgetter("created_at", "repo", "author.email"))
    _number(dice(seed, "topics"), known)
    return known


def _month_of_work(
    rng: random.Random, calendar: Calendar, roster: Roster, team: TeamProfile, month: Period
) -> list[PullRequest]:
    """Plan the work a team starts in a month, priced so that the story's unit cost comes out."""
    story, position = ENGINEERING_STORIES[team.slug], calendar.position(month)
    merged = round(at(story.merged, position) * calendar.share_elapsed(month))
    first_time = round(merged / (1 + story.revert_rate + story.fix_rate))
    work = [_piece_of_work(rng, roster, team, month) for _ in range(first_time)]
    follow_ups = [follow_up for done in work for follow_up in _follow_up(rng, roster, story, done)]
    abandoned = [
        _abandoned(rng, _piece_of_work(rng, roster, team, month))
        for _ in range(round(merged * at(story.abandon_rate, position)))
    ]
    finished = work + follow_ups
    size = sum(pull_request.size for pull_request in finished)
    budget = len(finished) * at(story.cost_per_merged, position)
    for pull_request in finished + abandoned:
        pull_request.dollars = budget * pull_request.size / size
    return finished + abandoned


def _piece_of_work(
    rng: random.Random, roster: Roster, team: TeamProfile, month: Period
) -> PullRequest:
    day = rng.choice(workdays(month))
    started = office_time(rng, day)
    created = at_work(started + timedelta(hours=rng.uniform(1, 20)))
    hours_open = min(rng.lognormvariate(3.0, 0.8), 280)
    return PullRequest(
        team=team,
        repo=f"{GITHUB_OWNER}/{rng.choice(team.repos)}",
        author=rng.choice(roster.members(team.slug, day)),
        purpose="work",
        started_at=started,
        created_at=created,
        ended_at=at_work(created + timedelta(hours=hours_open)),
        size=rng.lognormvariate(-(SIZE_SPREAD**2) / 2, SIZE_SPREAD),
    )


def _abandoned(rng: random.Random, pull_request: PullRequest) -> PullRequest:
    pull_request.purpose = "abandoned"
    pull_request.ended_at = pull_request.created_at + timedelta(days=rng.uniform(3, 16))
    return pull_request


def _follow_up(
    rng: random.Random, roster: Roster, story: EngineeringStory, culprit: PullRequest
) -> list[PullRequest]:
    """Return the revert or the fix that this piece of work needs, if it needs one."""
    fate = rng.random()
    if fate >= story.revert_rate + story.fix_rate:
        return []
    is_revert = fate < story.revert_rate
    days_later = rng.uniform(0.2, 5) if is_revert else rng.uniform(0.4, 9)
    started = at_work(culprit.ended_at + timedelta(days=days_later))
    created = started + timedelta(minutes=rng.uniform(10, 300))
    colleagues = roster.members(culprit.team.slug, started.date()) or [culprit.author]
    is_same_author = rng.random() < 0.6 and culprit.author in colleagues
    return [
        PullRequest(
            team=culprit.team,
            repo=culprit.repo,
            author=culprit.author if is_same_author else rng.choice(colleagues),
            purpose="revert" if is_revert else "fix",
            started_at=started,
            created_at=created,
            ended_at=created + timedelta(hours=rng.uniform(0.5, 20)),
            size=rng.lognormvariate(math.log(SIZE_OF_REVERT if is_revert else SIZE_OF_FIX), 0.3),
            culprit=culprit,
        )
    ]


def _number(rng: random.Random, pull_requests: list[PullRequest]) -> None:
    """Give numbers in order of creation, starting where a living repository would be."""
    last = {repo: rng.randrange(300, 4000) for repo in sorted({p.repo for p in pull_requests})}
    for pull_request in pull_requests:
        last[pull_request.repo] += rng.choice((1, 1, 1, 2))  # issues share the counter
        pull_request.number = last[pull_request.repo]
