"""The seam to stored bytes: files of this machine and objects in S3.

An address is a path or `s3://bucket/key`. Nothing else in the product opens either.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from finops.outside.http import HttpError, check_endpoint

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

S3 = "s3://"
NOT_FOUND, BUSY = 404, 429


def exists(address: str) -> bool:
    """Say whether something is stored at the address."""
    if not address.startswith(S3):
        return Path(address).is_file()
    from botocore.exceptions import ClientError

    bucket, key = bucket_and_key(address)
    try:
        s3_client().head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == NOT_FOUND:
            return False
        raise
    return True


def fetch(address: str, target: Path) -> None:
    """Copy what is stored at the address into the file `target`. FileNotFoundError if nothing."""
    if not address.startswith(S3):
        shutil.copyfile(address, target)
        return
    from botocore.exceptions import ClientError

    bucket, key = bucket_and_key(address)
    try:
        s3_client().download_file(bucket, key, str(target))
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == NOT_FOUND:
            raise FileNotFoundError(address) from None
        raise


def store(path: Path, address: str) -> None:
    """Move the file to the address; whoever reads it sees all of it or nothing."""
    if address.startswith(S3):
        bucket, key = bucket_and_key(address)
        s3_client().upload_file(str(path), bucket, key)
        path.unlink()
        return
    target = Path(address)
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.stat().st_dev != target.parent.stat().st_dev:
        path = copy_beside(path, target)
    path.replace(target)


def copy_beside(path: Path, target: Path) -> Path:
    """Move a file from another disk to the target's folder, under a name nobody reads."""
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=".draft-")
    os.close(handle)
    shutil.copyfile(path, draft)
    path.unlink()
    return Path(draft)


def bucket_and_key(address: str) -> tuple[str, str]:
    bucket, _, key = address.removeprefix(S3).partition("/")
    return bucket, key


@cache
def s3_client() -> "S3Client":
    """One client per process; region, keys and endpoint come from the usual AWS_ variables.

    Its library is imported at the first use: it takes longer than most loads' other imports.
    """
    import boto3
    from botocore.client import Config

    waits = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 4})
    return boto3.client("s3", config=waits)


@dataclass(frozen=True)
class Stored:
    """An object in a bucket."""

    key: str
    size_bytes: int
    modified_at: datetime
    etag: str


class Bucket:
    """Reads one bucket with the credential of one account.

    Raises HttpError with the storage's own words.
    """

    def __init__(
        self, name: str, *, region: str, access_key_id: str, secret_access_key: str,
        endpoint_url: str = "",
    ) -> None:  # fmt: skip
        self.name = name
        self.region = region
        self.access_key_id = access_key_id
        self.secret_access_key = secret_access_key
        self.endpoint_url = endpoint_url

    @cached_property
    def client(self) -> "S3Client":
        import boto3
        from botocore.client import Config

        if self.endpoint_url:
            check_endpoint(self.endpoint_url)
        waits = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 4})
        return boto3.client(
            "s3", config=waits, region_name=self.region or None,
            aws_access_key_id=self.access_key_id or None,
            aws_secret_access_key=self.secret_access_key or None,
            endpoint_url=self.endpoint_url or None,
        )  # fmt: skip

    def list(self, prefix: str = "") -> Iterator[Stored]:
        """Yield the objects under a prefix, by key."""
        with self.said_plainly(prefix):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix
            )
            for page in pages:
                for one in page.get("Contents", []):
                    etag = one["ETag"].strip('"')
                    yield Stored(one["Key"], one["Size"], one["LastModified"], etag)

    def read(self, key: str) -> bytes:
        """Return a small object, whole."""
        with self.said_plainly(key):
            return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()

    def download(self, key: str, target: Path) -> None:
        """Copy an object into a file."""
        with self.said_plainly(key):
            self.client.download_file(self.name, key, str(target))

    @contextmanager
    def said_plainly(self, key: str) -> Iterator[None]:
        """Turn what the client raises into words about this bucket."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            words = error.response["Error"].get("Message") or str(error)
            raise HttpError(
                f"s3://{self.name}/{key}: {words}", permanent=400 <= status < 500 and status != BUSY,
                status=status,
            ) from None  # fmt: skip
        except (BotoCoreError, OSError) as error:
            raise HttpError(
                f"No answer for s3://{self.name}/{key}: {type(error).__name__}", permanent=False,
                code="no_answer",
            ) from None  # fmt: skip
