"""The endpoint that vendors post their events to. It stores and answers; a job does the rest."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing_ingest import inbox
from billing_ingest.registry import connector
from finops.ledger.models import Source


@csrf_exempt
@login_not_required
@require_POST
def webhook(request: HttpRequest, source_key: str) -> JsonResponse:
    """Take a delivery: 202 when it is new, 200 when it is known, else why not in words."""
    try:
        source = Source.objects.filter(key=source_key).first()
        declared = connector(source.connector).webhook if source else None
        if source is None or declared is None:
            raise inbox.RefusedError(404, "not_found", "No webhook lives here.")
        headers = {name.lower(): value for name, value in request.headers.items()}
        delivery, is_new = inbox.accept(source, declared, headers, body_of(request), timezone.now())
    except inbox.RefusedError as error:
        return JsonResponse({"code": error.code, "message": str(error)}, status=error.status)
    answer = {"delivery": delivery.delivery_id, "duplicate": not is_new}
    return JsonResponse(answer, status=202 if is_new else 200)


def body_of(request: HttpRequest) -> bytes:
    """Return the raw body, reading no more than the limit."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > inbox.LARGEST_BYTES:
        raise _too_large()
    body = request.read(inbox.LARGEST_BYTES + 1)
    if len(body) > inbox.LARGEST_BYTES:
        raise _too_large()
    return body


def _too_large() -> inbox.RefusedError:
    words = f"The body is larger than {inbox.LARGEST_BYTES} bytes."
    return inbox.RefusedError(413, "too_large", words)
