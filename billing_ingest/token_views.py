"""Setup > Sources > one source: its ingest tokens, and how programs are set up to use one."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from billing_ingest.access import for_administrators, user_of
from billing_ingest.posts import posted_of
from billing_ingest.recipes import recipes
from finops.ledger.models import IngestToken, Source
from finops.ledger.tokens import make_token, revoke_token, valid_tokens


@require_POST
@never_cache
@for_administrators
def make(request: HttpRequest, key: str) -> HttpResponseBase:
    """Make a token and show it, this once."""
    found = posted_to(key)
    token = make_token(found, user_of(request), timezone.now())
    context = {"page_title": found.name, "source": found, **sending(request, found, token)}
    return render(request, "setup/token.html", context)


@require_POST
@for_administrators
def revoke(request: HttpRequest, key: str, token_id: int) -> HttpResponseBase:
    """End a token at once."""
    found = posted_to(key)
    try:
        revoke_token(found, token_id, timezone.now())
        messages.success(request, "The token opens nothing any more.")
    except IngestToken.DoesNotExist:
        messages.error(request, "The token had ended already.")
    return redirect("source", key)


def posted_to(key: str) -> Source:
    """The source, if programs may send to it. Raises Http404."""
    found = get_object_or_404(Source, key=key)
    if posted_of(found) is None:
        raise Http404
    return found


def sending(request: HttpRequest, source: Source, token: str = "") -> dict[str, Any]:
    """What the page says about sending: nothing for a source that takes no posts."""
    if posted_of(source) is None:
        return {"recipes": []}
    home = request.build_absolute_uri("/").rstrip("/")
    return {
        "token": token,
        "tokens": list(valid_tokens(source).select_related("by")),
        "recipes": recipes(source.connector, home, token),
    }
