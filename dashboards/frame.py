"""What stands around every page: navigation, freshness, whose books, who is signed in."""

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from dashboards import words
from dashboards.known import Known, known
from finops.attribution.queries import trust

# Word, name of its address, paths that belong to it, who sees it: everybody or those who upload.
PAGES = (
    ("Overview", "overview", (), False),
    ("Teams", "teams", ("/teams/", "/outcomes/"), False),
    ("Spend", "lines", ("/spend/",), False),
    ("Reconcile", "reconcile", (), True),
    ("Closing", "closing", ("/reconcile/close/",), True),
    ("Disputes", "disputes", ("/disputes/",), False),
    ("Setup", "sources", ("/setup/",), True),
)
CARRIED = ("period", "from", "to", "against", "cost", "known_on", "tree")


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Fragments use none of it, so every part is computed when it is drawn."""
    about = known(request)
    user = about.user
    if user is None:
        return {}
    return {
        "nav": SimpleLazyObject(lambda: navigation(about)),
        "organisation": SimpleLazyObject(lambda: about.organisation),
        "freshness": SimpleLazyObject(lambda: about.kept(("freshness",), lambda: freshness(about))),
        "as_of": SimpleLazyObject(lambda: as_of(about)),
        "account": {"name": user.get_full_name() or user.username, "role": user.get_role_display()},
    }


def navigation(about: Known) -> list[dict[str, Any]]:
    """The pages this user has; period, comparison and cost column go along from one to the next."""
    path, carried = about.request.path, about.request.GET.copy()
    for name in set(carried) - set(CARRIED):
        del carried[name]
    can_upload = about.sight.can_upload
    items = []
    for label, name, prefixes, for_uploaders in PAGES:
        if for_uploaders and not can_upload:
            continue
        try:
            href = reverse(name)
        except NoReverseMatch:
            continue
        current = path == href or any(path.startswith(prefix) for prefix in prefixes)
        if carried and name != "sources":
            href = f"{href}?{carried.urlencode()}"
        items.append({"label": label, "href": href, "current": current})
    return items


def freshness(about: Known) -> dict[str, Any]:
    """In words: are all sources up to date, and if not, how many are late."""
    found = trust.freshness(now=about.now)
    dated = [source for source in found if source.complete_to]
    late = [source for source in dated if source.is_late]
    if not found:
        said = "No sources yet"
    elif late:
        said = f"{len(late)} of {words.plural(len(dated), 'source')} late"
    elif dated:
        said = f"{words.plural(len(dated), 'source')} up to date"
    else:
        said = "Nothing came yet"
    return {"words": said, "late": bool(late), "href": "/#trust"}


def as_of(about: Known) -> str:
    when = about.reach.as_of
    if when is None:
        return "nothing settled yet"
    return words.moment(when, about.organisation.time_zone)
