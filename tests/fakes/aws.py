"""A bucket that AWS delivers its exports to: a real S3 server on this machine, filled as AWS does."""

import gzip
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET, REGION, KEY_ID, SECRET = "acme-billing", "us-east-1", "AKIAEXAMPLE", "secret-canary"
START = datetime(2026, 8, 1, tzinfo=UTC)


@dataclass
class S3:
    """The server, with one bucket. Every object is a minute younger than the one before."""

    url: str
    host: str
    client: "S3Client"
    now: datetime = field(default=START)

    @property
    def config(self) -> dict[str, str]:
        return {
            "bucket": BUCKET, "region": REGION, "access_key_id": KEY_ID, "endpoint_url": self.url,
            "prefix": "exports",
        }  # fmt: skip

    def put(self, key: str, body: bytes) -> str:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=body)
        self.now += timedelta(minutes=1)
        self.stored(key).last_modified = self.now
        return key

    def stored(self, key: str) -> Any:
        return s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[BUCKET].keys[key]

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=key)

    def clear(self) -> None:
        for one in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            self.delete(one["Key"])

    def deliver_report(
        self, period: str, assembly: str, parts: list[bytes], *, manifest: bool = True
    ) -> list[str]:
        """A legacy report: parts in a folder of the assembly, then the manifest and its copy."""
        root = f"exports/report/{period}"
        keys = [
            self.put(f"{root}/{assembly}/report-{number}.csv.gz", gzip.compress(part, mtime=0))
            for number, part in enumerate(parts, start=1)
        ]
        said = {
            "assemblyId": assembly, "account": "001234567890", "compression": "GZIP",
            "columns": [{"category": "lineItem", "name": "UnblendedCost"}],
            "billingPeriod": {"start": f"{period[:8]}T000000.000Z"}, "reportKeys": keys,
        }  # fmt: skip
        if manifest:
            for folder in (f"{root}/{assembly}", root):
                self.put(f"{folder}/report-Manifest.json", json.dumps(said).encode())
        return keys

    def deliver_export(
        self, name: str, month: str, execution: str, parts: list[bytes], column: str
    ) -> list[str]:
        """A data export: parts under data/, then the manifest under metadata/."""
        folder = f"BILLING_PERIOD={month}{f'/{execution}' if execution else ''}"
        keys = [
            self.put(
                f"exports/{name}/data/{folder}/{name}-{number:05}.csv.gz",
                gzip.compress(part, mtime=0),
            )
            for number, part in enumerate(parts, start=1)
        ]
        said = {
            "executionId": execution, "columns": [{"name": column, "type": "double"}],
            "dataFiles": [f"s3://{BUCKET}/{key}" for key in keys],
        }  # fmt: skip
        manifest = f"exports/{name}/metadata/{folder}/{name}-Manifest.json"
        self.put(manifest, json.dumps(said).encode())
        return keys


@contextmanager
def fake_aws() -> Iterator[S3]:
    """Run the server."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        client = boto3.client(
            "s3", endpoint_url=url, region_name=REGION, aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
        )  # fmt: skip
        client.create_bucket(Bucket=BUCKET)
        yield S3(url, f"{host}:{port}", client)
    finally:
        server.stop()
