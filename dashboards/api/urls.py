"""Where the API lives: /api/v1/."""

from django.urls import path, re_path, register_converter

from dashboards.api import books, docs, figures, reconcile, work
from dashboards.dates import DayConverter

register_converter(DayConverter, "day")

urlpatterns = [
    path("unit-costs/", figures.UnitCosts.as_view(), name="api-unit-costs"),
    path("spend/", figures.Spend.as_view(), name="api-spend"),
    path("trend/", figures.Trend.as_view(), name="api-trend"),
    path("changes/", figures.Changes.as_view(), name="api-changes"),
    path("teams/", books.Teams.as_view(), name="api-teams"),
    path("outcomes/", work.Outcomes.as_view(), name="api-outcomes"),
    path("outcomes/<int:item_id>/", work.OutcomeReceipt.as_view(), name="api-receipt"),
    path("cells/", work.Cells.as_view(), name="api-cells"),
    path("charges/<day:day>/<int:charge_id>/", work.ChargeLine.as_view(), name="api-charge"),
    path("sources/trust/", books.Trust.as_view(), name="api-trust"),
    path("imports/", books.Imports.as_view(), name="api-imports"),
    path("organisation/", books.OrganisationFacts.as_view(), name="api-organisation"),
    path("reconcile/", reconcile.Reconcile.as_view(), name="api-reconcile"),
    path(
        "reconcile/<slug:source>/<str:month>/",
        reconcile.ReconcileMonth.as_view(),
        name="api-reconcile-month",
    ),
    path("schema/", docs.Schema.as_view(), name="api-schema"),
    path("docs/", docs.docs, name="api-docs"),
    re_path(r"^(?:.*/)?$", docs.Nothing.as_view(), name="api-nothing"),
]
