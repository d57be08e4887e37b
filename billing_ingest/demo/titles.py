"""Words for pull requests, branches, tickets and deals."""

import random

from billing_ingest.demo.dice import dice
from billing_ingest.demo.pull_requests import PullRequest

VERBS = ("Add", "Speed up", "Simplify", "Cache", "Validate", "Log", "Retry", "Paginate", "Extract",
         "Rework", "Guard", "Localise", "Batch", "Document", "Instrument", "Deprecate")  # fmt: skip
THINGS = {
    "storefront": ("search facets", "basket totals", "gift card form", "product carousel",
                   "wish list sync", "size guide", "checkout address step", "review stars",
                   "promo banner", "guest checkout", "image zoom", "delivery estimate"),
    "fulfilment": ("pick list order", "carrier rates", "pallet labels", "route windows",
                   "returns intake", "stock recount", "dock schedule", "parcel weights",
                   "driver handover", "backorder queue", "shelf map", "courier webhooks"),
    "payments": ("refund ledger", "card tokens", "payout batches", "dispute evidence",
                 "tax rounding", "3-D Secure retry", "invoice numbers", "wallet top-up",
                 "chargeback alerts", "settlement report", "currency display", "dunning mails"),
    "platform-data": ("feature store sync", "deploy gates", "secrets rotation", "event schema",
                      "orders mart", "alert routing", "container base image", "trace sampling",
                      "backfill runner", "access reviews", "cost tags", "nightly snapshots"),
}  # fmt: skip
TICKETS = ("Where is my parcel?", "Refund has not arrived", "Wrong size delivered",
           "Change delivery address", "Promo code refused", "Damaged on arrival",
           "Cannot sign in", "Invoice copy needed", "Cancel my order", "Loyalty points missing",
           "Return label does not print", "Charged twice")  # fmt: skip
PARTNERS = ("Marlowe Hotels", "Bexford Schools", "Tindale Clinics", "Osprey Offices",
            "Larkspur Cafes", "Fenwold Council", "Aldgrove Homes", "Pinecrest Lodges",
            "Sable & Finch", "Northquay Events", "Wexcombe Farms", "Juniper Studios",
            "Calder Gyms", "Holloway Trust", "Rookery Inns", "Thistle Lane Nurseries",
            "Graymoor Rail", "Silverbeck Spas")  # fmt: skip


def name_pull_request(rng: random.Random, pull_request: PullRequest) -> None:
    """Set topic and branch; a revert takes both from what it reverts."""
    culprit = pull_request.culprit
    if culprit is not None and pull_request.purpose == "revert":
        pull_request.topic = f'Revert "{culprit.topic}"'
        pull_request.branch = f"revert-{culprit.number}-{culprit.branch}"
        return
    thing = rng.choice(THINGS[pull_request.team.slug])
    pull_request.topic = f"{rng.choice(VERBS)} {thing}"
    if culprit is not None:
        pull_request.topic = f"Fix {culprit.topic.split(maxsplit=1)[1]} after #{culprit.number}"
    words = "-".join(pull_request.topic.lower().replace("#", "").split()[:4])
    initials = pull_request.author.login.removesuffix("-qh")
    pull_request.branch = f"{initials}/{words}-{pull_request.number}"


def body_of(pull_request: PullRequest) -> str | None:
    """Return the description with its links and trailers; some people write none."""
    culprit, trailers = pull_request.culprit, []
    words = ""
    if culprit is not None and pull_request.purpose == "revert":
        words = f"Reverts {culprit.key}"
    elif culprit is not None and pull_request.number % 3 == 0:
        trailers.append(f"Fixes: {merge_sha(culprit)}")
    elif culprit is not None:
        words = f"Fixes {culprit.key if pull_request.number % 3 == 1 else f'#{culprit.number}'}"
    elif pull_request.number % 3:
        words = f"{pull_request.topic} in {pull_request.repo.split('/')[1]}."
    if pull_request.sessions:
        links = [f"https://claude.ai/code/{session}" for session in pull_request.sessions]
        trailers += [f"Claude-Session: {link}" for link in links]
        trailers.append("Co-Authored-By: Claude <noreply@anthropic.com>")
    return "\n\n".join(part for part in (words, "\n".join(trailers)) if part) or None


def merge_sha(pull_request: PullRequest) -> str:
    """Return the pull request's merge commit, 40 hex digits."""
    return dice("sha", pull_request.key).randbytes(20).hex()
