"""A storage account with cost exports: lists, manifests and parts, as Azure's blob service gives them."""

import gzip
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

import pyarrow.parquet as pq

from tests.vendor import Answer, Asked, Vendor, vendor

CONTAINER = "/exports"
SIGNATURE = "s+i/g="
TOKEN = "sv=2022-11-02&sp=rl&sig=s%2Bi%2Fg%3D"
DENIED = b"<?xml version='1.0'?><Error><Code>AuthenticationFailed</Code></Error>"


@dataclass
class Container:
    """Blobs by name; `page` is how many a list gives at once."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    page: int = 5000

    def run(
        self,
        parts: list[bytes],
        *,
        export: str = "costs/daily",
        month: str = "20260701-20260731",
        run: str = "run-1",
        submitted: str = "2026-07-10T01:00:00Z",
        kind: str = "ActualCost",
        suffix: str = "csv",
        **changes: Any,
    ) -> None:
        """Store a run of an export; `changes` go over its manifest."""
        folder = f"{export}/{month}/{run}"
        blobs = []
        for number, part in enumerate(parts):
            name = f"{folder}/part_{number}_0001.{suffix}"
            plain = gzip.decompress(part) if suffix.endswith("gz") else part
            is_table = suffix == "parquet"
            self.blobs[name] = part
            blobs.append(
                {
                    "blobName": name,
                    "byteCount": len(part),
                    "dataRowCount": rows_of_table(part) if is_table else plain.count(b"\n") - 1,
                }
            )
        manifest = {
            "manifestVersion": "2024-04-01",
            "blobCount": len(blobs),
            "dataRowCount": sum(blob["dataRowCount"] for blob in blobs),
            "exportConfig": {
                "exportName": export.rsplit("/", 1)[-1],
                "type": kind,
                "dataVersion": "2021-10-01",
                "resourceId": "/providers/Microsoft.Billing/billingAccounts/7001",
            },
            "runInfo": {"runId": run, "submittedTime": submitted},
            "blobs": blobs,
        }
        self.blobs[f"{folder}/manifest.json"] = json.dumps(manifest | changes).encode()

    def answer(self, asked: Asked) -> Answer:
        if asked.params.get("sig") != [SIGNATURE]:
            return Answer(DENIED, status=403, headers={"Content-Type": "application/xml"})
        if asked.params.get("comp") == ["list"]:
            return Answer(self.listed(asked), headers={"Content-Type": "application/xml"})
        body = self.blobs.get(asked.path.removeprefix(f"{CONTAINER}/"))
        return Answer(status=404) if body is None else Answer(body)

    def listed(self, asked: Asked) -> bytes:
        prefix = asked.params.get("prefix", [""])[0]
        start = int(asked.params.get("marker", ["0"])[0])
        names = sorted(name for name in self.blobs if name.startswith(prefix))
        shown = names[start : start + self.page]
        blobs = "".join(
            f"<Blob><Name>{escape(name)}</Name><Properties>"
            f"<Content-Length>{len(self.blobs[name])}</Content-Length></Properties></Blob>"
            for name in shown
        )
        following = start + self.page if start + self.page < len(names) else ""
        return (
            "\ufeff<?xml version='1.0' encoding='utf-8'?><EnumerationResults>"
            f"<Blobs>{blobs}</Blobs><NextMarker>{following}</NextMarker></EnumerationResults>"
        ).encode()


def rows_of_table(part: bytes) -> int:
    return int(pq.read_metadata(io.BytesIO(part)).num_rows)


@contextmanager
def fake_azure(container: Container | None = None) -> Iterator[Vendor]:
    """Serve the container; without one, a month of an export of actual costs."""
    if container is None:
        container = Container()
        container.run([month_of_costs("5.00")])
    with vendor(container.answer) as running:
        yield running


def month_of_costs(amount: str, day: str = "2026-07-02") -> bytes:
    """A part with one line: two million tokens of a model."""
    return (
        "Date,SubscriptionId,ResourceGroup,ResourceId,ConsumedService,MeterId,MeterCategory,"
        "MeterSubCategory,MeterName,Quantity,UnitOfMeasure,EffectivePrice,CostInBillingCurrency,"
        "BillingCurrencyCode,ChargeType,BillingAccountId,BillingPeriodStartDate,Tags\n"
        f"{day},s-1,rg,/subscriptions/s-1/accounts/a,microsoft.cognitiveservices,m-1,Azure OpenAI,"
        f"Azure OpenAI,gpt-4o-0806-Inp-glbl Tokens,2000,1K,0.0025,{amount},USD,Usage,7001,"
        f"{day[:8]}01,\n"
    ).encode()
