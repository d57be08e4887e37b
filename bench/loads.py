"""Loading against bare COPY: the whole import in a process of its own, then the least one can do."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from bench import files
from bench.results import Result

ROOT = Path(__file__).resolve().parent.parent
BLOCK = 1 << 20
MIB = 1024 * 1024


@dataclass(frozen=True)
class Run:
    """A command that ended well: how long, how much memory at its peak, what it said."""

    seconds: float
    peak_mib: float
    answer: dict


def usage(home: Path, lines: int) -> Iterator[Result]:
    """Request-level usage log, gz, to usage rows; and whether memory stays flat as it grows."""
    small = import_file("usage_csv", files.write(files.USAGE, lines // 5, home / "small.csv.gz"))
    big = import_file("usage_csv", files.write(files.USAGE, lines, home / "big.csv.gz"))
    plain = files.write(files.USAGE, lines, home / "plain.csv")
    bare = bare_copy(plain, USAGE_TABLE)
    plain.unlink()
    yield Result(
        f"usage log of {lines:,} lines, against bare COPY",
        f"{big.seconds:.1f} s against {bare:.1f} s",
        bare / big.seconds,
        bar=3,
    )
    yield Result(
        "its peak memory, in GiB", f"{big.peak_mib:.0f} MiB", big.peak_mib / 1024, 1, False
    )
    yield Result(
        "its peak memory against a fifth of the lines",
        f"{big.peak_mib:.0f} against {small.peak_mib:.0f} MiB",
        big.peak_mib / small.peak_mib,
        bar=1.25,
        at_least=False,
    )


def focus(home: Path, lines: int) -> Iterator[Result]:
    """FOCUS file to charges."""
    path = files.write(files.FOCUS, lines, home / "focus.csv")
    ours = import_file("focus", path)
    bare = bare_copy(path, FOCUS_TABLE)
    path.unlink()
    figure = f"{ours.seconds:.1f} s against {bare:.1f} s, {ours.peak_mib:.0f} MiB"
    yield Result(
        f"FOCUS file of {lines:,} lines, against bare COPY", figure, bare / ours.seconds, 0.5
    )


def import_file(connector: str, path: Path) -> Run:
    """Import the file by the command that people use."""
    return measured("import_file", connector, str(path), "--json")


def measured(*command: str) -> Run:
    """Run a manage.py command to its end. Raises RuntimeError with its words when it fails."""
    start = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env=dict(os.environ),
    ) as process:
        output = process.stdout.read() if process.stdout else b""
        _, status, resources = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - start
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: {output.decode()[-2000:]}")
    return Run(seconds, resources.ru_maxrss / 1024, json.loads(output or b"{}"))


def bare_copy(path: Path, table: str) -> float:
    """Seconds that COPY takes to put the same lines into a table with the same keys."""
    name = table.split()[2]
    with connection.cursor() as cursor:
        cursor.execute(table)
        with path.open("rb") as lines:
            header = lines.readline().decode().strip()
            columns = ", ".join(f'"{column}"' for column in header.split(","))
            start = time.monotonic()
            copy = f"COPY {name} ({columns}) FROM STDIN (FORMAT csv)"
            with cursor.copy(copy) as stream:
                while block := lines.read(BLOCK):
                    stream.write(block)
            seconds = time.monotonic() - start
        cursor.execute(f"DROP TABLE {name}")
    return seconds


USAGE_TABLE = """
CREATE TABLE bench_usage (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    occurred_at timestamptz, person text, api_key text, project text, repo text, branch text,
    session text, pr text, provider text, model text, requests bigint, input_tokens bigint,
    cached_input_tokens bigint, cache_write_tokens bigint, output_tokens bigint, request_id text)
"""
FOCUS_TABLE = """
CREATE TABLE bench_focus (
    id bigint GENERATED ALWAYS AS IDENTITY, slice_id bigint NOT NULL DEFAULT 1,
    "BillingAccountId" text, "BillingAccountName" text, "BillingCurrency" text,
    "BillingPeriodStart" timestamptz, "BillingPeriodEnd" timestamptz,
    "ChargePeriodStart" timestamptz, "ChargePeriodEnd" timestamptz, "ChargeCategory" text,
    "ChargeClass" text, "ChargeDescription" text, "ChargeFrequency" text,
    "BilledCost" numeric(38, 24), "EffectiveCost" numeric(38, 24), "ListCost" numeric(38, 24),
    "ContractedCost" numeric(38, 24), "ConsumedQuantity" numeric(38, 12), "ConsumedUnit" text,
    "PricingQuantity" numeric(38, 12), "PricingUnit" text, "InvoiceIssuerName" text,
    "ProviderName" text, "PublisherName" text, "ServiceCategory" text, "ServiceName" text,
    "SkuId" text, "SkuPriceId" text, "SubAccountId" text, "SubAccountName" text,
    "ResourceId" text, "RegionId" text, "Tags" jsonb, PRIMARY KEY ("ChargePeriodStart", id));
CREATE INDEX ON bench_focus (slice_id)
"""
