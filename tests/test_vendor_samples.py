"""Every real file of the vendors that are pulled: loaded with the right totals, or refused in words."""

import pytest

from billing_ingest import load
from finops.ledger.models import Import, Source, Usage
from finops.outcomes.models import WorkItem, WorkItemLink
from tests.samples import shared

pytestmark = pytest.mark.django_db
ANTHROPIC = "data/spend/anthropic"
GITHUB = "data/outcomes/github"


def bring(connector: str, path: str) -> Import:
    source, _ = Source.objects.get_or_create(
        key=connector, defaults={"name": connector, "connector": connector}
    )
    sample = shared(path)
    return load.load(load.receive(source, sample.name, sample))


@pytest.mark.parametrize(
    ("name", "document", "rows", "totals"),
    [
        ("cost_report", "cost_report", 2, {"USD": "414.0378912"}),
        ("cost_report_ungrouped", "cost_report", 1, {"USD": "1.2345"}),
        ("usage_report_messages", "usage_report_messages", 3, {}),
        ("usage_report_claude_code", "usage_report_claude_code", 2, {}),
        ("users", "users", 2, {}),
    ],
)
def test_a_real_report_loads_once(name, document, rows, totals):
    first = bring("anthropic", f"{ANTHROPIC}/{name}.json")
    assert (first.state, first.document, first.rows) == (Import.State.LOADED, document, rows)
    assert first.totals == totals
    second = bring("anthropic", f"{ANTHROPIC}/{name}.json")
    assert (second.state, second.duplicate_of) == (Import.State.DUPLICATE, first)


def test_two_logs_of_one_day_do_not_replace_each_other():
    bring("anthropic", f"{ANTHROPIC}/usage_report_messages.json")
    bring("anthropic", f"{ANTHROPIC}/usage_report_claude_code.json")
    assert Usage.objects.filter(slice__superseded_at=None).count() == 5
    assert sum(row.output_tokens or 0 for row in Usage.objects.all()) == 500 + 3 + 35_000 + 12_450


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"{GITHUB}/devlake_raw_github_api_issues.csv", "something else than pull requests"),
        (f"{GITHUB}/octokit_webhook_payloads/push.json", "nothing about a pull request"),
        (f"{GITHUB}/octokit_webhook_payloads/ping.json", "nothing about a pull request"),
    ],
)
def test_a_file_of_a_kind_we_do_not_read_is_refused_in_words(path, words):
    imp = bring("anthropic" if path.startswith(ANTHROPIC) else "github", path)
    assert imp.state == Import.State.REFUSED
    assert words in imp.errors[0]["message"]


def test_fifty_real_pull_requests_load_once():
    table = f"{GITHUB}/devlake_raw_github_api_pull_requests.csv"
    first = bring("github", table)
    assert (first.state, first.rows) == (Import.State.LOADED, 50)
    states = list(WorkItem.objects.values_list("state", flat=True))
    # One of the fifty rows repeats a merged pull request.
    assert (states.count("done"), states.count("abandoned"), states.count("open")) == (26, 19, 4)
    links = set(WorkItemLink.objects.values_list("link_type", "target_kind", "target_key"))
    assert ("closes", "ticket", "panjf2000/ants#22") in links
    before = list(WorkItem.objects.order_by("key").values())
    assert bring("github", table).state == Import.State.DUPLICATE
    assert list(WorkItem.objects.order_by("key").values()) == before


def test_a_later_event_completes_what_the_list_said():
    """The list has no sizes; the event has. A review event has none again and takes none away."""
    payloads = f"{GITHUB}/octokit_webhook_payloads"
    bring("github", f"{payloads}/pull_request_opened.json")
    bring("github", f"{payloads}/pull_request_review_submitted.json")
    bring("github", f"{payloads}/pull_request_closed.json")
    item = WorkItem.objects.get()
    assert (item.key, item.state) == ("github.com/codertocat/hello-world#2", "abandoned")
    assert (item.size_added, item.size_deleted) == (1, 1)
