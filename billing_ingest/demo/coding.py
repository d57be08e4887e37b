"""The sessions behind the pull requests: who ran what, and what the log can tell of it."""

import random
from datetime import datetime, timedelta

from billing_ingest.demo.calendar import Calendar, at_work, workdays
from billing_ingest.demo.company import ENGINEERING_TEAMS, TeamProfile
from billing_ingest.demo.dice import dice
from billing_ingest.demo.pull_requests import PullRequest
from billing_ingest.demo.story import (
    COMMON_OPENAI,
    ENGINEERING_STORIES,
    HAIKU_45,
    PLAIN,
    REVIEW_BOT_SHARE,
    ModelUse,
    at,
    models_at,
)
from billing_ingest.demo.usage import UsageLine, choose, spend
from finops.periods import Period

ID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz"
DOLLARS_PER_SESSION = 45
MOST_SESSIONS = 5
TWO_MODELS_ABOVE = 25  # dollars: a long session also calls a second model
SHARED_SESSION_RATE = 0.05  # pull requests that cite a session of another one


def coding_lines(calendar: Calendar, work: list[PullRequest], seed: int) -> list[UsageLine]:
    """Return the sessions' usage and cite them in the pull requests, as the tools do."""
    rng = dice(seed, "sessions")
    lines: list[UsageLine] = []
    for pull_request in work:
        for started, dollars in _sessions(rng, calendar, pull_request):
            lines += _session_lines(rng, calendar, pull_request, started, dollars)
    _share_sessions(rng, work)
    return lines


def _sessions(
    rng: random.Random, calendar: Calendar, pull_request: PullRequest
) -> list[tuple[datetime, float]]:
    """Cut a pull request's dollars into sessions between its start and its end."""
    wanted = 1 + int(pull_request.dollars / DOLLARS_PER_SESSION + rng.random())
    count = min(wanted, MOST_SESSIONS)
    end = min(pull_request.ended_at, pull_request.started_at + timedelta(days=4))
    seconds = (end - pull_request.started_at).total_seconds()
    moments = sorted([0.0, *(rng.uniform(0, seconds) for _ in range(count - 1))])
    parts = [rng.uniform(0.5, 1.5) for _ in moments]
    planned = [
        (at_work(pull_request.started_at + timedelta(seconds=moment)), part / sum(parts))
        for moment, part in zip(moments, parts, strict=True)
    ]
    return [
        (min(started, pull_request.ended_at), share * pull_request.dollars)
        for started, share in planned
        if started < calendar.now
    ]


def _session_lines(
    rng: random.Random,
    calendar: Calendar,
    pull_request: PullRequest,
    started: datetime,
    dollars: float,
) -> list[UsageLine]:
    team, author = pull_request.team, pull_request.author
    story, position = ENGINEERING_STORIES[team.slug], _position(calendar, started)
    if rng.random() < story.openai_share:
        told = _told_by_gateway(rng, pull_request)
        if author.api_key and "pr" not in told and rng.random() < 0.5:
            told |= {"person": ""}  # the gateway saw the personal key only
        uses, account, key = models_at(COMMON_OPENAI, position), team.project, author.api_key
        key = key or f"key_{team.project.removeprefix('proj_')}"
    else:
        told = _told_by_session_log(rng, pull_request)
        uses, account, key = models_at(story.anthropic, position), team.workspace, team.key
    calls = [choose(rng, uses)]
    if dollars > TWO_MODELS_ABOVE and len(uses) > 1:
        calls = list(uses)
    weights = [use.chosen for use in calls]
    fields = {"account": account, "api_key": key, "person": author.email, "team": team.slug, **told}
    return [
        spend(rng, started, use, dollars * weight / sum(weights), **fields)
        for use, weight in zip(calls, weights, strict=True)
    ]


def _told_by_session_log(rng: random.Random, pull_request: PullRequest) -> dict[str, str]:
    """Choose the evidence of a coding session: a cited id, a branch, or the person alone."""
    session = "session_01" + "".join(rng.choices(ID_LETTERS, k=22))
    evidence = rng.random()
    if evidence < 0.55:
        pull_request.sessions.append(session)
        return {"session": session, "repo": pull_request.repo}
    if evidence < 0.78:
        return {"session": session, "repo": pull_request.repo, "branch": pull_request.branch}
    return {"session": session, "repo": pull_request.repo if evidence < 0.9 else ""}


def _told_by_gateway(rng: random.Random, pull_request: PullRequest) -> dict[str, str]:
    """Choose the evidence of a gateway call: the pull request, a branch, or the person alone."""
    evidence = rng.random()
    if evidence < 0.35:
        return {"pr": pull_request.key, "repo": pull_request.repo}
    if evidence < 0.7:
        return {"repo": pull_request.repo, "branch": pull_request.branch}
    return {}


def _share_sessions(rng: random.Random, work: list[PullRequest]) -> None:
    """Let a few pull requests cite a session of another one: it fed both."""
    last_of: dict[str, PullRequest] = {}
    for pull_request in work:
        before = last_of.get(pull_request.author.email)
        if before is not None and before.sessions and rng.random() < SHARED_SESSION_RATE:
            pull_request.sessions.append(before.sessions[-1])
        last_of[pull_request.author.email] = pull_request


def review_bot_lines(calendar: Calendar, seed: int) -> list[UsageLine]:
    """Return what each team's own review bot spends: the team is known, nobody and no work is."""
    rng = dice(seed, "review-bot")
    return [
        _bot_day(rng, calendar, team, month, day_number)
        for month in calendar.months
        for team in ENGINEERING_TEAMS
        for day_number in range(len(workdays(month)))
    ]


def _bot_day(
    rng: random.Random, calendar: Calendar, team: TeamProfile, month: Period, day_number: int
) -> UsageLine:
    story, position = ENGINEERING_STORIES[team.slug], calendar.position(month)
    monthly = at(story.merged, position) * at(story.cost_per_merged, position) * REVIEW_BOT_SHARE
    day = workdays(month)[day_number]
    noon = calendar.now.replace(year=day.year, month=day.month, day=day.day, hour=16)
    dollars = monthly / 21 * rng.uniform(0.7, 1.3)
    return spend(
        rng, noon, ModelUse(HAIKU_45, 1.0, PLAIN), dollars,
        account=team.workspace, api_key=team.key, tags=(("team", team.slug),), team=team.slug,
    )  # fmt: skip


def _position(calendar: Calendar, moment: datetime) -> float:
    month = next(period for period in calendar.months if moment.date() < period.end)
    return calendar.position(month)
