"""Endpoints of the books themselves: teams, sources, imports, the organisation."""

from typing import Any

from dashboards.api import shapes
from dashboards.api.base import Endpoint, Question, page_after
from dashboards.api.described import PAGE_PARAMETERS, described
from dashboards.api.figures import envelope
from dashboards.api.problems import wrong
from finops.attribution.queries.trust import sources
from finops.ledger.history import imports_before


class Teams(Endpoint):
    reads_state = False

    @described("The teams you may look into", shapes.TeamsShape, reads_state=False)
    def get(self, question: Question) -> Any:
        return shapes.TeamsShape({"teams": question.about.visible_teams}).data


class Trust(Endpoint):
    @described("How far each source can be trusted", shapes.TrustShape)
    def get(self, question: Question) -> Any:
        rows = sources(question.seen, now=question.now)
        answer = {**envelope(question, question.seen), "sources": rows}
        return shapes.TrustShape(answer).data


class Imports(Endpoint):
    parameters = ("limit", "cursor")
    reads_state = False
    for_finance = True

    @described(
        "What was loaded, newest first", shapes.ImportsShape, *PAGE_PARAMETERS, reads_state=False
    )
    def get(self, question: Question) -> Any:
        before = question.cursor
        if before and not (before.isascii() and before.isdigit() and len(before) < 19):
            raise wrong("cursor", "Not a cursor that a page gave.")
        limit = question.limit
        rows = imports_before(int(before) if before else None, limit=limit + 1)
        after = str(rows[limit - 1].pk) if len(rows) > limit else None
        answer = {**page_after(question, after), "imports": rows[:limit]}
        return shapes.ImportsShape(answer).data


class OrganisationFacts(Endpoint):
    reads_state = False

    @described("Whose books these are", shapes.OrganisationShape, reads_state=False)
    def get(self, question: Question) -> Any:
        company = question.about.organisation
        answer = {
            "name": company.name,
            "reporting_currency": company.reporting_currency,
            "fiscal_year_start_month": company.fiscal_year_start_month,
            "time_zone": company.time_zone,
            "person_level": company.person_level,
            "books": question.about.span,
            "as_of": question.about.reach.as_of,
        }
        return shapes.OrganisationShape(answer).data
