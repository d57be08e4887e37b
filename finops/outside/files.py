"""The seam to stored bytes: files of this machine and objects in S3.

An address is a path or `s3://bucket/key`. Nothing else in the product opens either.
"""

import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

S3 = "s3://"
NOT_FOUND = 404


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
