"""Raw bytes under their hash, in a folder and in S3."""

import os
import time

import boto3
import pytest
from moto import mock_aws

from finops.embedded.home import Home
from finops.outside import archive, files


@pytest.fixture(params=["folder", "s3"])
def kept(request, settings, tmp_path, monkeypatch):
    """Point the archive at a folder or at a bucket."""
    settings.OUTLAY_ARCHIVE = str(tmp_path / "archive")
    if request.param == "folder":
        yield settings.OUTLAY_ARCHIVE
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    settings.OUTLAY_ARCHIVE = "s3://raw/outlay"
    with mock_aws():
        place = {"LocationConstraint": "eu-west-1"}
        boto3.client("s3").create_bucket(Bucket="raw", CreateBucketConfiguration=place)
        files.s3_client.cache_clear()
        yield settings.OUTLAY_ARCHIVE
    files.s3_client.cache_clear()


def test_what_was_put_in_comes_out(kept, tmp_path):
    stored = archive.put(b"a,b\n1,2\n")
    (tmp_path / "same").write_bytes(b"a,b\n1,2\n")

    assert stored.size_bytes == 8
    assert archive.put(tmp_path / "same") == stored
    assert archive.address_of(stored.sha256).startswith(kept)
    with archive.open_raw(stored.sha256) as stream:
        assert stream.read() == b"a,b\n1,2\n"


def test_what_was_never_put_in_is_not_found(kept):
    with pytest.raises(FileNotFoundError), archive.local_copy("0" * 64):
        pass


def test_too_many_bytes_are_refused_and_leave_nothing(kept, settings, tmp_path):
    settings.HOME = Home(tmp_path)  # others of this run use the scratch folder of the common home
    with pytest.raises(archive.TooLargeError):
        archive.put(b"x" * 100, bytes_max=99)
    assert not list((settings.HOME.path / "scratch").iterdir())


def test_other_bytes_in_the_bucket_are_not_taken_for_ours(kept):
    if not kept.startswith("s3://"):
        pytest.skip("a folder is trusted")
    stored = archive.put(b"right")
    boto3.client("s3").put_object(
        Bucket="raw", Key=f"outlay/{stored.sha256[:2]}/{stored.sha256}", Body=b"wrong"
    )
    with pytest.raises(archive.DamagedError), archive.local_copy(stored.sha256):
        pass


def test_the_scratch_folder_of_a_killed_process_goes_and_that_of_a_live_one_stays(
    settings, tmp_path
):
    settings.HOME = Home(tmp_path)
    with archive.scratch_folder() as live:
        left = live.parent / "left"
        left.mkdir()
        (left / "half.csv").write_bytes(b"a,b")
        for folder in (left, live):
            os.utime(folder, (time.time() - 3600,) * 2)
        archive.sweep_scratch()
        assert not left.exists()
        assert live.exists()
        left.mkdir()  # somebody who has not locked it yet
        archive.sweep_scratch()
        assert left.exists()
