"""How the endpoints are described in the OpenAPI document: parameters, answers, errors."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse
from drf_spectacular.authentication import SessionScheme
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from dashboards.api.base import Endpoint
from dashboards.api.problems import MEDIA_TYPE
from dashboards.api.shapes import ProblemShape


class SignedIn(SessionScheme):
    """Our session, described like the framework's own: a cookie."""

    target_class = "dashboards.api.base.Session"


def parameter(name: str, words: str, **schema: Any) -> OpenApiParameter:
    """A query parameter. `many` in the schema: it may be given several times."""
    many = schema.pop("many", False)
    return OpenApiParameter(
        name, {"type": "string", **schema}, OpenApiParameter.QUERY, description=words, many=many
    )


STATE_PARAMETERS = [
    parameter("period", "2026-10, 2026-Q4, 2026 or 2026-10-01..2026-10-15 (both days count)."),
    parameter("from", "First day, with `to`.", format="date"),
    parameter("to", "Last day; it counts.", format="date"),
    parameter("against", "What to compare with: previous, year, none, or a period."),
    OpenApiParameter("team", str, many=True, description="Slug of a team; may be repeated."),
    parameter("cost", "The cost column.", enum=["billed", "effective"]),
    parameter("known_on", "As it was known at the end of a day (UTC), or at a time with a zone."),
    parameter(
        "tree",
        "Whose sub-teams count with a team: those of today, or those of each time (then).",
        enum=["today", "then"],
    ),
]
PAGE_PARAMETERS = [
    parameter("limit", "Rows per page.", type="integer", minimum=1, maximum=200),
    parameter("cursor", "From the page before."),
]
ERRORS = {
    400: "A parameter makes no sense; `parameters` says which and why.",
    401: "Nobody is signed in.",
    403: "Your role may not read this.",
    404: "There is nothing here, or it is not yours to see.",
}


def described(
    summary: str, shape: type[Serializer], *extra: OpenApiParameter, reads_state: bool = True
) -> Callable[[Any], Any]:
    """Describe a `get` and let its answer be kept, as it leaves the house, while the books stand.

    The `get` takes a Question and returns the body; nothing but the sight may tell users apart.
    """
    problem = {
        (status, MEDIA_TYPE): OpenApiResponse(ProblemShape, words)
        for status, words in ERRORS.items()
    }

    def kept(get: Callable[..., Any]) -> Any:
        @wraps(get)
        def answered(self: Endpoint, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
            question = self.question(request)
            about = question.about
            content = about.kept(
                ("api", request.path, about.params),
                lambda: JSONRenderer().render(get(self, question, *args, **kwargs)),
            )
            return HttpResponse(content, content_type="application/json")

        name = get.__qualname__.split(".")[0]
        return extend_schema(
            operation_id=name[0].lower() + name[1:],
            summary=summary,
            parameters=[*(STATE_PARAMETERS if reads_state else ()), *extra],
            responses={200: shape, **problem},
        )(answered)

    return kept
