"""The description of the API: as OpenAPI for programs, as a page for people."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.api.base import Endpoint, Session
from dashboards.api.described import STATE_PARAMETERS
from dashboards.api.problems import NOT_FOUND_WORDS, as_problem

SHARED = frozenset(parameter.name for parameter in STATE_PARAMETERS)


class Schema(SpectacularAPIView):
    """The OpenAPI document, as YAML or (Accept: application/vnd.oai.openapi+json) JSON."""

    authentication_classes = [Session]

    def get_exception_handler(self) -> Any:
        return as_problem


class Nothing(Endpoint):
    """Any other address below /api/: not found, in the shape of every other error."""

    schema = None

    def get(self, request: Request, **kwargs: Any) -> Response:
        raise NotFound(NOT_FOUND_WORDS)


@login_required
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    document = SchemaGenerator().get_schema(request=None, public=True)
    endpoints = [
        described_endpoint(path, methods["get"]) for path, methods in document["paths"].items()
    ]
    shapes = [
        {"name": name.removesuffix("Shape"), "fields": fields_of(shape), "words": words_of(shape)}
        for name, shape in document["components"]["schemas"].items()
        if shape.get("type") == "object"
    ]
    context = {
        "page_title": "API",
        "shared": shared_parameters(document),
        "endpoints": endpoints,
        "shapes": shapes,
    }
    return render(request, "api/docs.html", context)


def described_endpoint(path: str, operation: dict[str, Any]) -> dict[str, Any]:
    """An address: what it answers, and the parameters that only it reads."""
    parameters = operation.get("parameters", [])
    answer = answer_of(operation)
    return {
        "path": path,
        "words": operation.get("summary", ""),
        "reads_state": {parameter["name"] for parameter in parameters} >= SHARED,
        "parameters": [in_words(one) for one in parameters if one["name"] not in SHARED],
        "answer": answer,
        "shape": answer.rsplit(" ", 1)[-1] if is_named(operation) else "",
    }


def shared_parameters(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The parameters of the state, as the first address that reads them all describes them."""
    for methods in document["paths"].values():
        found = {p["name"]: p for p in methods["get"].get("parameters", [])}
        if found.keys() >= SHARED:
            return [in_words(found[parameter.name]) for parameter in STATE_PARAMETERS]
    return []


def in_words(parameter: dict[str, Any]) -> dict[str, Any]:
    """A parameter for people: what is marked as code in the description stands without marks."""
    return {**parameter, "description": parameter.get("description", "").replace("`", "")}


def is_named(operation: dict[str, Any]) -> bool:
    """Whether the answer is a shape with a name, or a list of one."""
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return "$ref" in schema.get("items", schema)


def answer_of(operation: dict[str, Any]) -> str:
    content = operation["responses"]["200"]["content"]["application/json"]
    return name_of(content["schema"])


def fields_of(shape: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"name": name, "type": name_of(field), "words": field.get("description", "")}
        for name, field in shape.get("properties", {}).items()
    ]


def words_of(shape: dict[str, Any]) -> str:
    return str(shape.get("description", ""))


def name_of(schema: dict[str, Any]) -> str:
    """A schema in a few words: "list of Band", "decimal string", "integer or null"."""
    if ref := schema.get("$ref"):
        return str(ref).rsplit("/", 1)[-1].removesuffix("Shape")
    for key in ("allOf", "oneOf", "anyOf"):
        if key in schema:
            return " or ".join(name_of(part) for part in schema[key])
    if schema.get("type") == "array":
        return f"list of {name_of(schema['items'])}"
    if isinstance(more := schema.get("additionalProperties"), dict):
        return f"{name_of(more) or 'anything'} by name"
    kinds = schema.get("type", "")
    words = kinds if isinstance(kinds, str) else " or ".join(kinds)
    return f"{schema['format']} {words}" if schema.get("format") == "decimal" else words
