"""The answers as they leave the house. Amounts are decimal strings; the currency stands beside.

Amounts of money that was spent are exact, to the nano. Unit costs and the unit cost report are
rounded to cents, so that rows add up to their total. Null means unknown.
"""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers as s

from finops.attribution.present import unit_amount
from finops.attribution.queries.shapes import FATES, TIERS
from finops.money import from_nanos

AMOUNT = {"type": "string", "format": "decimal", "examples": ["1234.56"]}


def exact(nanos: int) -> str:
    """12340000000 -> "12.34": every digit there is, at least two decimals."""
    whole, _, fraction = f"{from_nanos(nanos):f}".partition(".")
    return f"{whole}.{fraction.rstrip('0'):0<2}"


@extend_schema_field(AMOUNT)
class Nanos(s.Field):
    """Whole nanos as an exact amount."""

    def to_representation(self, value: int) -> str:
        return exact(value)


@extend_schema_field(AMOUNT)
class UnitAmount(s.Field):
    """Nanos per outcome, a fraction, as an amount at cents."""

    def to_representation(self, value: Decimal) -> str | None:
        return unit_amount(value)


@extend_schema_field({"type": "string", "format": "decimal"})
class Plain(s.Field):
    """A number that is no money, with all its digits and no trailing zeros."""

    def to_representation(self, value: Decimal) -> str:
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text


class PeriodShape(s.Serializer):
    """Half-open: the end is the first day that does not count."""

    start = s.DateField()
    end = s.DateField()


class Envelope(s.Serializer):
    currency = s.CharField()
    period = PeriodShape()
    cost = s.ChoiceField(["billed", "effective"])


class Paged(s.Serializer):
    cursor = s.CharField(allow_null=True, help_text="Give it back to get the next page.")
    next = s.CharField(allow_null=True, help_text="The address of the next page.")


class TeamShape(s.Serializer):
    """An empty slug stands for money without a team."""

    slug = s.CharField(allow_blank=True)
    name = s.CharField()


# --- figures ------------------------------------------------------------------------------


def _amounts_of(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: Nanos() for name in names}


TiersShape = type("TiersShape", (s.Serializer,), _amounts_of(TIERS))
FatesShape = type("FatesShape", (s.Serializer,), _amounts_of(FATES))


class UnitCostShape(s.Serializer):
    direct = UnitAmount(allow_null=True)
    loaded = UnitAmount(allow_null=True)
    all_in = UnitAmount(allow_null=True)


class IntervalShape(s.Serializer):
    """Bounds of the direct unit cost at 95 %."""

    low = UnitAmount(allow_null=True)
    high = UnitAmount(allow_null=True)


class DurableRateShape(s.Serializer):
    """Durable of matured outcomes, with Wilson's bounds at 95 %."""

    rate = s.FloatField(allow_null=True)
    low = s.FloatField(allow_null=True)
    high = s.FloatField(allow_null=True)


class KindShape(s.Serializer):
    """Outcomes are credits: fractions where people of other teams took part."""

    outcomes = s.FloatField()
    durable = s.FloatField()
    unit_cost = UnitCostShape()
    interval = IntervalShape()
    matured = s.FloatField(help_text="Old enough to be judged durable.")
    cost_per_durable = UnitAmount(
        allow_null=True,
        help_text="Finished work, also what did not last, per durable outcome. Null until every "
        "outcome of the period is old enough to judge.",
    )
    durable_rate = DurableRateShape()


class UnitCostRowShape(s.Serializer):
    """Tiers and fates each sum to billed + provisional."""

    key = s.CharField(allow_blank=True)
    label = s.CharField()  # type: ignore[assignment]
    billed = Nanos()
    provisional = Nanos()
    tiers = TiersShape()
    fates = FatesShape()
    hidden_cost = Nanos(help_text="Reverted, rework and abandoned.")
    hidden_share = s.FloatField(allow_null=True, help_text="Of the money in finished work.")
    kinds = s.DictField(child=KindShape())


class UnitCostsShape(Envelope):
    total = UnitCostRowShape()
    rows = UnitCostRowShape(many=True)
    unconverted = s.DictField(
        child=Nanos(), help_text="Money that no exchange rate could convert, by its currency."
    )


class BandShape(s.Serializer):
    vendor = s.CharField()
    team = TeamShape()
    fate = s.ChoiceField(FATES)
    amount = Nanos(source="nanos")
    provisional = Nanos(help_text="Part of the amount.")


class SpendShape(Envelope):
    total = Nanos()
    bands = BandShape(many=True)


class WeekShape(s.Serializer):
    start = s.DateField()
    billed = Nanos()
    provisional = Nanos()
    outcomes = Plain()
    direct = UnitAmount(allow_null=True)
    low = UnitAmount(allow_null=True)
    high = UnitAmount(allow_null=True)


class TrendShape(Envelope):
    kind = s.CharField()
    weeks = WeekShape(many=True)


class CauseShape(s.Serializer):
    slug = s.CharField()
    name = s.CharField()
    reason = s.CharField(allow_blank=True)
    amount = Nanos(source="nanos")


class ChangesShape(Envelope):
    """The causes sum to after - before."""

    against = PeriodShape()
    before = Nanos()
    after = Nanos()
    causes = CauseShape(many=True)


# --- work ---------------------------------------------------------------------------------


class ItemShape(s.Serializer):
    id = s.IntegerField(source="item_id")
    kind = s.CharField()
    external_id = s.CharField()
    title = s.CharField(allow_blank=True)
    url = s.CharField(allow_blank=True)
    state = s.CharField()
    fate = s.CharField()
    amount = Nanos(source="nanos")
    tiers = s.CharField()
    cycle_days = Plain(allow_null=True)
    lines = s.IntegerField(allow_null=True)
    people = s.IntegerField()
    completed_on = s.DateField(allow_null=True)


class OutcomesShape(Envelope, Paged):
    count = s.IntegerField()
    total = Nanos(help_text="Of all of them, not only of this page.")
    outcomes = ItemShape(many=True)


class ReceiptLineShape(s.Serializer):
    tier = s.CharField()
    why = s.CharField()
    day = s.DateField()
    vendor = s.CharField()
    model = s.CharField(allow_blank=True)
    meter = s.CharField(allow_blank=True)
    quantity = Plain(allow_null=True)
    list_amount = Nanos(source="list_nanos", allow_null=True)
    amount = Nanos(source="nanos")
    is_provisional = s.BooleanField()
    charged_on = s.DateField(allow_null=True)
    charge_id = s.IntegerField(allow_null=True)
    source = s.CharField()  # type: ignore[assignment]
    filename = s.CharField(allow_blank=True)
    line = s.IntegerField(allow_null=True)
    payer = TeamShape()


class PayerShape(s.Serializer):
    team = TeamShape()
    amount = Nanos()


class RelatedShape(s.Serializer):
    role = s.CharField()
    id = s.IntegerField()
    external_id = s.CharField()
    direct = Nanos()


class ReceiptShape(s.Serializer):
    """What one work item cost and why. Nobody is named."""

    currency = s.CharField()
    cost = s.ChoiceField(["billed", "effective"])
    id = s.IntegerField(source="item_id")
    kind = s.CharField()
    external_id = s.CharField()
    title = s.CharField(allow_blank=True)
    url = s.CharField(allow_blank=True)
    state = s.CharField()
    fate = s.CharField()
    team = TeamShape()
    direct = Nanos()
    tiers = s.DictField(child=Nanos())
    pool_share = Nanos()
    overhead_share = Nanos()
    created_at = s.DateTimeField(allow_null=True)
    started_at = s.DateTimeField(allow_null=True)
    first_review_at = s.DateTimeField(allow_null=True)
    completed_at = s.DateTimeField(allow_null=True)
    closed_at = s.DateTimeField(allow_null=True)
    cycle_days = Plain(allow_null=True)
    lines_changed = s.IntegerField(allow_null=True)
    people = s.IntegerField()
    sessions = s.IntegerField()
    payers = PayerShape(many=True)
    related = RelatedShape(many=True)
    lines = ReceiptLineShape(many=True)


class CellShape(s.Serializer):
    id = s.IntegerField(source="allocation_id")
    day = s.DateField()
    vendor = s.CharField()
    source = s.CharField()  # type: ignore[assignment]
    team = TeamShape()
    model = s.CharField(allow_blank=True)
    meter = s.CharField(allow_blank=True)
    project = s.CharField(allow_blank=True)
    tier = s.CharField()
    reason = s.CharField(allow_blank=True)
    fate = s.CharField()
    outcome_id = s.IntegerField(source="item_id", allow_null=True)
    outcome = s.CharField(source="item", allow_blank=True)
    amount = Nanos(source="nanos", allow_null=True)
    original_currency = s.CharField(source="currency")
    is_provisional = s.BooleanField()
    charged_on = s.DateField(allow_null=True)
    charge_id = s.IntegerField(allow_null=True)
    filename = s.CharField(allow_blank=True)
    line = s.IntegerField(allow_null=True)
    paid_because = s.CharField(
        allow_blank=True, help_text="Why this team pays: a rule, or what its row says."
    )


class CellsShape(Envelope, Paged):
    count = s.IntegerField()
    total = Nanos(help_text="Of all of them, not only of this page.")
    cells = CellShape(many=True)


class WitnessShape(s.Serializer):
    """A bill or a log that saw what the line paid for; logs are never added."""

    role = s.ChoiceField(("bill", "log"))
    key = s.CharField()
    name = s.CharField()
    saw = Plain(help_text="In tokens, else list cost, else requests; 0 for a bill.")
    counted = Plain(help_text="How much of that counts.")
    is_money = s.BooleanField(help_text="Whether this bill's amounts are booked.")


class ChargeShape(s.Serializer):
    """One line of a bill in FOCUS columns, with the file's own digits."""

    charge = s.DictField(help_text="FOCUS columns in snake_case; amounts are decimal strings.")
    raw_line = s.CharField(
        allow_null=True, help_text="The vendor's own line; finance and administrators only."
    )
    witnesses = WitnessShape(many=True)


# --- the books themselves -----------------------------------------------------------------


class TeamsShape(s.Serializer):
    teams = TeamShape(many=True)


class SourceTrustShape(s.Serializer):
    key = s.CharField()
    name = s.CharField()
    connector = s.CharField()
    brings = s.CharField()
    amount = Nanos(source="nanos")
    complete_to = s.DateField(allow_null=True)
    days_behind = s.IntegerField(allow_null=True)
    is_late = s.BooleanField()
    provisional = Nanos()
    bill_against_usage = Plain(allow_null=True, help_text="(billed - usage) / usage at list price")
    unpriced = Nanos()
    unknown_identity = Nanos()


class TrustShape(Envelope):
    sources = SourceTrustShape(many=True)


class ImportShape(s.Serializer):
    id = s.IntegerField()
    source = s.CharField(source="source.key")  # type: ignore[assignment]
    document = s.CharField(allow_blank=True)
    state = s.CharField()
    filename = s.CharField()
    sha256 = s.CharField()
    rows = s.IntegerField()
    totals = s.DictField(child=s.CharField(), help_text="Currency to exact decimal string.")
    out_of_scope = s.DictField(child=s.CharField())
    period_start = s.DateField(allow_null=True)
    period_end = s.DateField(allow_null=True)
    duplicate_of = s.IntegerField(source="duplicate_of_id", allow_null=True)
    created_at = s.DateTimeField()
    finished_at = s.DateTimeField(allow_null=True)


class ImportsShape(Paged):
    imports = ImportShape(many=True)


class OrganisationShape(s.Serializer):
    name = s.CharField()
    reporting_currency = s.CharField()
    fiscal_year_start_month = s.IntegerField()
    time_zone = s.CharField()
    person_level = s.BooleanField()
    books = PeriodShape(allow_null=True, help_text="First to last day with money.")
    as_of = s.DateTimeField(allow_null=True, help_text="When the books were last settled.")


class WrongParameterShape(s.Serializer):
    name = s.CharField()
    reason = s.CharField()


class ProblemShape(s.Serializer):
    """RFC 9457 problem details."""

    type = s.CharField()
    title = s.CharField()
    status = s.IntegerField()
    detail = s.CharField()
    parameters = WrongParameterShape(many=True, required=False)
    reference = s.CharField(required=False)
