"""`make bench`: how fast, as ratios in one run on one machine. No time is promised, ratios are.

    python -m bench                       every part, at the sizes the product is held to
    python -m bench usage --lines 1000000
    python -m bench pages --usage 1000000 --growth 10

Everything happens in a throwaway home with its own embedded PostgreSQL.
"""

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from bench.results import Result, table

PARTS = ("usage", "focus", "upload", "settle", "pages", "verify")


def main() -> int:
    options = parse(sys.argv[1:])
    with throwaway_home() as home:
        results = [result for part in options.parts for result in run(part, options, home)]
    sys.stdout.write(
        f"\n{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n\n"
    )
    sys.stdout.write(table(results) + "\n")
    return 0 if all(result.holds for result in results) else 1


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all of them by default")
    parser.add_argument("--lines", type=int, default=5_000_000, help="lines of the usage log")
    parser.add_argument("--charges", type=int, default=1_000_000, help="lines of the FOCUS file")
    parser.add_argument("--upload", type=int, default=10_000_000, help="lines of the upload")
    parser.add_argument("--usage", type=int, default=1_000_000, help="usage rows of the year")
    parser.add_argument("--growth", type=int, default=10, help="how much more data pages must bear")
    parser.add_argument("--rounds", type=int, default=30, help="requests per page")
    options = parser.parse_args(arguments)
    options.parts = options.parts or list(PARTS)
    return options


def run(part: str, options: argparse.Namespace, home: Path) -> Iterator[Result]:
    """Run one part; the modules are imported here because they need Django to be set up."""
    from bench import loads, pages, settling, uploads

    parts: dict[str, Callable[[], Iterator[Result]]] = {
        "usage": lambda: loads.usage(home, options.lines),
        "focus": lambda: loads.focus(home, options.charges),
        "upload": lambda: uploads.upload(home, options.upload),
        "settle": lambda: chain(
            settling.restated_day(options.usage), settling.one_change(options.usage)
        ),
        "pages": lambda: pages.latency(options.usage, options.growth, options.rounds),
        "verify": lambda: settling.verification(home, options.usage),
    }
    sys.stderr.write(f"{part} ...\n")
    return parts[part]()


@contextmanager
def throwaway_home() -> Iterator[Path]:
    """A home of its own with a running, migrated database, gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="outlay-bench-"))
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "OUTLAY_ARCHIVE"):
        os.environ.pop(name, None)
    os.environ |= {"OUTLAY_HOME": str(home), "DJANGO_SETTINGS_MODULE": "finops.settings"}
    os.environ["OUTLAY_LOG_LEVEL"] = "ERROR"
    import django

    django.setup()
    from finops.embedded.books import migrate_if_behind, open_books

    try:
        with open_books():
            migrate_if_behind()
            yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
