"""Several files as one delivery."""

import zipfile

import pytest

from billing_ingest.bundle import bundle


def test_the_parts_come_out_as_they_went_in_and_in_order(tmp_path):
    part = tmp_path / "part"
    part.write_bytes(b"x" * 3_000_000)
    made = bundle([("b/2.csv", b"two"), ("a/1.parquet", part)], tmp_path / "all.zip")

    with zipfile.ZipFile(made) as archive:
        assert archive.namelist() == ["b/2.csv", "a/1.parquet"]
        assert archive.read("b/2.csv") == b"two"
        assert archive.read("a/1.parquet") == part.read_bytes()
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())


def test_the_same_parts_are_the_same_bytes(tmp_path):
    part = tmp_path / "part"
    part.write_bytes(b"one")
    first = bundle([("a", part), ("b", b"two")], tmp_path / "1.zip").read_bytes()
    part.touch()

    assert bundle([("a", part), ("b", b"two")], tmp_path / "2.zip").read_bytes() == first


@pytest.mark.parametrize("name", ["a", "/etc/x", "../x"])
def test_a_name_that_is_taken_or_leads_out_is_not_bundled(tmp_path, name):
    with pytest.raises(ValueError, match="cannot be the name"):
        bundle([("a", b"1"), (name, b"2")], tmp_path / "x.zip")
