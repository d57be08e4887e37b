"""The AI scope table: which lines of a bill it takes in, as what, and whose the money is then."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from billing_ingest.ai_scope import rules, shipped
from finops.attribution.models import Cell
from finops.attribution.settle import settle
from finops.ledger.ai_scope_defaults import DEFAULTS
from finops.ledger.models import AiScopeRule, Charge, Import, Slice
from finops.people.models import Identity, Team
from tests import facts
from tests.loading import give
from tests.ruled import rule, to, when

pytestmark = pytest.mark.django_db
LINE = {
    "BilledCost": "1", "EffectiveCost": "1", "BillingCurrency": "USD", "BillingAccountId": "a1",
    "InvoiceIssuerName": "Cloud", "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z", "ChargePeriodStart": "2026-10-05T00:00:00Z",
    "ChargePeriodEnd": "2026-10-06T00:00:00Z", "ChargeCategory": "Usage", "ProviderName": "AWS",
    "ServiceName": "", "SkuMeter": "", "ChargeDescription": "", "ServiceCategory": "Other",
}  # fmt: skip

# provider, service, meter or description -> class; None where no rule speaks of it
LINES = [
    ("AWS", "Amazon Bedrock", "USE1-NovaLite-input-tokens", "inference"),
    ("AWS", "Amazon Bedrock", "USE1-Llama-Customization-tokens", "training"),
    ("AWS", "Amazon Bedrock", "USE1-KnowledgeBase-Query", "infrastructure"),
    ("AWS", "Claude Sonnet 4.5 (Amazon Bedrock Edition)", "MP:USE1_InputTokenCount-Units", "inference"),
    ("AWS", "Somebody's model", "USE1-MP:USE1_InputTokenCount-Units", "inference"),
    ("AWS", "Amazon SageMaker", "USE1-Train:ml.p4d.24xlarge", "training"),
    ("AWS", "Amazon SageMaker", "USE1-Host:ml.g5.xlarge", "inference"),
    ("AWS", "Amazon SageMaker", "USE1-ServerlessInf:Mem-4GB", "inference"),
    ("AWS", "Amazon SageMaker", "USE1-Notebk:ml.t3.medium", "infrastructure"),
    ("AWS", "Amazon Elastic Compute Cloud", "USW2-BoxUsage:p5.48xlarge", "infrastructure"),
    ("AWS", "Amazon Elastic Compute Cloud", "SpotUsage:g5.xlarge", "infrastructure"),
    ("AWS", "Amazon Elastic Compute Cloud", "BoxUsage:m7g.large", None),
    ("AWS", "Amazon OpenSearch Service", "USE1-VectorOCU", "infrastructure"),
    ("AWS", "Amazon OpenSearch Service", "USE1-SearchOCU", None),
    ("AWS", "Amazon Textract", "USE1-PagesProcessed", "inference"),
    ("AWS", "Amazon Simple Storage Service", "TimedStorage-ByteHrs", None),
    ("Microsoft", "Azure OpenAI Service", "gpt-5 Inp glbl Tokens", "inference"),
    ("Microsoft", "Azure OpenAI Service", "gpt-4o Fine-tuning Training", "training"),
    ("Microsoft", "Foundry Models", "gpt-5.4 Outp", "inference"),
    ("Microsoft", "Azure Machine Learning", "Standard DS3 v2", "training"),
    ("Microsoft", "Azure Machine Learning", "Managed Endpoint", "inference"),
    ("Microsoft", "Virtual Machines", "NC24ads A100 v4", "infrastructure"),
    ("Microsoft", "Virtual Machines", "D4s v5", None),
    ("Microsoft", "Azure Cognitive Search", "Standard S1 Unit", "infrastructure"),
    ("Microsoft", "GitHub", "GitHub Copilot Business", None),
    ("Google Cloud", "Vertex AI", "Gemini 2.5 Pro Text Input - Predictions", "inference"),
    ("Google Cloud", "Vertex AI", "Training running in Americas", "training"),
    ("Google Cloud", "Vertex AI", "Vector Search Index Serving", "infrastructure"),
    ("Google Cloud", "Compute Engine", "Nvidia H100 80GB GPU running in Iowa", "infrastructure"),
    ("Google Cloud", "Compute Engine", "Network Internet Egress output", None),
    ("GitHub", "GitHub Copilot", "Copilot premium requests", "inference"),
    ("Cursor", "Cursor", "Usage", "inference"),
    ("Anthropic", "Claude API", "input tokens", "inference"),
    ("OpenAI", "Fine-tuning", "gpt-4.1 training", "training"),
    ("Pinecone", "Pinecone Serverless", "Read units", "infrastructure"),
    ("Somebody", "A bakery", "Bread", None),
]  # fmt: skip


def written(*changes: dict[str, str]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(LINE), lineterminator="\n")
    writer.writeheader()
    writer.writerows([LINE | change for change in changes])
    return out.getvalue().encode()


def bedrock(day: int, **more: str) -> dict[str, str]:
    return {
        "ServiceName": "Amazon Bedrock", "ChargePeriodStart": f"2026-10-{day:02}T00:00:00Z",
        "ChargePeriodEnd": f"2026-10-{day + 1:02}T00:00:00Z", **more,
    }  # fmt: skip


def keep(**said: Any) -> AiScopeRule:
    return AiScopeRule.objects.create(**{"position": 0} | said)


def classes() -> list[str]:
    found = Charge.objects.filter(slice__superseded_at=None).order_by("line")
    return list(found.values_list("ai_class", flat=True))


def test_the_table_is_shipped_and_read_in_order() -> None:
    assert [rule.note for rule in rules()] == [default.note for default in DEFAULTS]
    assert {rule.origin for rule in rules()} == {"default"}


def test_what_is_shipped_counts_as_long_as_nobody_keeps_a_table() -> None:
    AiScopeRule.objects.all().delete()
    assert len(rules()) == len(shipped()) == len(DEFAULTS)


def test_the_shipped_table_tells_inference_training_and_infrastructure_apart() -> None:
    lines = [
        {"ProviderName": provider, "ServiceName": service, "SkuMeter": meter}
        for provider, service, meter, _ in LINES
    ]
    give("focus", written(*lines), "a.csv", scope="all")
    assert list(zip([(p, s, m) for p, s, m, _ in LINES], classes(), strict=True)) == [
        ((p, s, m), expected or "") for p, s, m, expected in LINES
    ]


def test_the_ai_scope_books_the_three_classes_and_totals_the_rest() -> None:
    lines = [
        {"ProviderName": provider, "ServiceName": service, "SkuMeter": meter,
         "BilledCost": f"{place + 1}.{place + 1:012}"}
        for place, (provider, service, meter, _) in enumerate(LINES)
    ]  # fmt: skip
    imp = give("focus", written(*lines), "a.csv", scope="ai")
    amounts = [Decimal(f"{place + 1}.{place + 1:012}") for place in range(len(LINES))]
    inside = sum(a for a, line in zip(amounts, LINES, strict=True) if line[3])
    assert Decimal(imp.totals["USD"]) == inside
    assert Decimal(imp.out_of_scope["USD"]) == sum(amounts) - inside
    assert imp.rows == sum(bool(line[3]) for line in LINES)


def test_a_rule_before_the_shipped_ones_decides() -> None:
    keep(service="amazon bedrock", ai_class="not_ai")
    imp = give("focus", written(bedrock(5)), "a.csv", scope="ai")
    assert (imp.state, imp.rows, imp.out_of_scope) == (Import.State.LOADED, 0, {"USD": "1"})
    give("focus", written(bedrock(5)), "a.csv", key="whole", scope="all")
    assert classes() == ["not_ai"]


def test_a_rule_holds_from_its_first_day_to_before_its_last() -> None:
    keep(
        service="bedrock", ai_class="training", valid_from=date(2026, 10, 5),
        valid_to=date(2026, 10, 7),
    )  # fmt: skip
    give("focus", written(*(bedrock(day) for day in (4, 5, 6, 7))), "a.csv")
    assert classes() == ["inference", "training", "training", "inference"]


def test_patterns_take_alternatives_and_gaps_and_nothing_else() -> None:
    keep(service="bakery (berlin) | b*y", sku="br+ad", ai_class="infrastructure")
    lines = [
        {"ServiceName": service, "SkuMeter": meter}
        for service, meter in (
            ("A Bakery (Berlin)", "BR+AD"), ("Ballyboy", "white br+ad"), ("A bakery", "bread"),
            ("Berlin", "br+ad"),
        )
    ]  # fmt: skip
    give("focus", written(*lines), "a.csv", scope="all")
    assert classes() == ["infrastructure", "infrastructure", "", ""]


def test_a_changed_table_counts_when_the_bill_comes_again() -> None:
    first = give("focus", written(bedrock(5)), "a.csv", scope="ai")
    keep(service="bedrock", ai_class="training")
    # The same lines in other bytes: what they are for is part of what they say.
    again = give("focus", written(bedrock(5)) + b"\n", "a.csv", scope="ai")
    assert (first.state, again.state) == (Import.State.LOADED, Import.State.LOADED)
    assert classes() == ["training"]


# --- whose it is ---------------------------------------------------------------------------------


@pytest.fixture
def bill() -> Slice:
    facts.team("core")
    return facts.deliver(facts.source("bill"), "charge", "bill:2026-10", "2026-10-01", "2026-10-31")


def payers() -> dict[str, int]:
    """Nanos by the team that pays; "shared" is everybody's, "" nobody's."""
    settle(full=False, now=timezone.now())
    found: dict[str, int] = {}
    slugs = dict(Team.objects.values_list("id", "slug"))
    for cell in Cell.objects.all():
        payer = "shared" if cell.is_shared else slugs.get(cell.team_id, "")
        found[payer] = found.get(payer, 0) + cell.billed_nanos
    return found


def test_training_and_machines_are_everybodys(bill: Slice) -> None:
    facts.charge(bill, "2026-10-05", 7, ai_class="training")
    facts.charge(bill, "2026-10-05", 5, line=3, ai_class="infrastructure")
    facts.charge(bill, "2026-10-05", 3, line=4, ai_class="inference")
    assert payers() == {"shared": 12, "": 3}


def test_a_tag_makes_training_a_teams(bill: Slice) -> None:
    facts.charge(bill, "2026-10-05", 7, ai_class="training", team="core")
    assert payers() == {"core": 7}


def test_a_known_actor_makes_training_their_teams(bill: Slice) -> None:
    facts.person("ana", "core")
    facts.charge(bill, "2026-10-05", 7, ai_class="training", actor="ana@acme.test")
    assert payers() == {"core": 7}


def test_an_owner_found_later_takes_it_out_of_what_is_shared(bill: Slice) -> None:
    facts.charge(bill, "2026-10-05", 7, ai_class="training", project="docs")
    assert payers() == {"shared": 7}
    Identity.objects.create(namespace="project", external_id="docs", team=facts.team("core"))
    facts.dirty("actor", "project:docs")
    assert payers() == {"core": 7}


def test_a_rule_takes_it_out_of_what_is_shared(bill: Slice) -> None:
    facts.charge(bill, "2026-10-05", 7, ai_class="training", sub_account_id="000000000042")
    rule("team", when("sub_account_id", "000000000042"), shares=to("core"))
    assert payers() == {"core": 7}


def test_no_log_of_calls_explains_training(bill: Slice) -> None:
    log = facts.deliver(facts.source("log"), "usage", "log", "2026-10-01", "2026-10-31")
    facts.person("ana", "core")
    facts.usage(log, "2026-10-05", actor="ana@acme.test", list_cost=4, output_tokens=10)
    facts.charge(bill, "2026-10-05", 7, ai_class="training")
    facts.charge(bill, "2026-10-05", 5, line=3, ai_class="inference")
    assert payers() == {"shared": 7, "core": 5}
