"""Errors as RFC 9457 problem details: one shape for everything that goes wrong."""

import logging
import uuid
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from dashboards.filters import Problem
from finops.attribution.queries.shapes import NotKnownError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
NOT_FOUND_WORDS = "There is nothing here, or it is not yours to see."


class WrongParametersError(exceptions.APIException):
    """Query parameters that make no sense; each with the reason why."""

    status_code = HTTPStatus.BAD_REQUEST

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.words for problem in problems))
        self.problems = problems


def wrong(name: str, words: str) -> WrongParametersError:
    return WrongParametersError([Problem(name, words)])


def as_problem(error: Exception, context: dict[str, Any]) -> Response:
    """Answer any error with a problem document; what we did not expect gets a reference."""
    set_rollback()
    if isinstance(error, Http404):
        error = exceptions.NotFound(NOT_FOUND_WORDS)
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, NotKnownError):
        error = wrong("known_on", str(error))
    if not isinstance(error, exceptions.APIException):
        return unexpected(error)
    headers = {}
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    more = {}
    if isinstance(error, WrongParametersError):
        more["parameters"] = [{"name": p.name, "reason": p.words} for p in error.problems]
    return document(error.status_code, str(error.detail), headers, **more)


def unexpected(error: Exception) -> Response:
    reference = uuid.uuid4().hex[:8]
    logger.error("API request failed, reference %s", reference, exc_info=error)
    words = "Something went wrong on our side. Nothing was changed."
    return document(HTTPStatus.INTERNAL_SERVER_ERROR, words, {}, reference=reference)


def document(status: int, detail: str, headers: dict[str, str], **more: Any) -> Response:
    """A problem of the kind that its status names ("about:blank" says just that)."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": int(status), "detail": detail, **more}
    return Response(body, status=status, headers=headers, content_type=MEDIA_TYPE)
