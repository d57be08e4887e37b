"""The shape of the house, held by reading its source: directions, sizes, names, habits."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("finops", "billing_ingest", "dashboards")
# Inside finops, what each room may use. Rooms that are not named here compose the others.
MAY_USE = {
    "money": set(),
    "periods": set(),
    "outside": {"money", "periods"},
    "people": {"outside", "money", "periods"},
    "ledger": {"people", "outside", "money", "periods"},
    "outcomes": {"ledger", "people", "outside", "money", "periods"},
    "attribution": {"ledger", "outcomes", "people", "outside", "money", "periods"},
}
MAY_IMPORT = {
    "finops": {"finops"},
    "billing_ingest": {"billing_ingest", "finops"},
    "dashboards": {"dashboards", "finops"},
}
LINES_MAX = {".py": 400, ".sql": 200, ".html": 400, ".js": 400}
FUNCTION_LINES_MAX = 70
TASK_LINES_MAX = 5
MONEY = ("money.py", "periods.py", "ledger", "people", "outcomes", "attribution")
# Where binary floating point is right: statistics and durations, never an amount.
FLOAT_IS_RIGHT = {
    "finops/attribution/intervals.py",  # quantiles of distributions
    "finops/attribution/before_after.py",  # the same, of differences
    "finops/attribution/queries/before_after.py",  # on its way there and back
    "finops/attribution/printed.py",  # numbers of outcomes
    "finops/attribution/queries/kind_costs.py",  # bounds of intervals, on their way to Decimal
    "billing_ingest/wording.py",  # seconds left
    "billing_ingest/apart/cells.py",  # a workbook keeps doubles: the shortest text of each
}


def sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts]


PRODUCT = sources(*PACKAGES)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports_of(path: Path) -> Iterator[str]:
    """Full dotted names of what a file imports from this project."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            up = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*up, *filter(None, [node.module])))
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] in PACKAGES)


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_the_walk_sees_the_product():
    names = {name_of(path) for path in PRODUCT}
    assert {"finops/money.py", "billing_ingest/registry.py", "dashboards/filters.py"} <= names


def test_no_import_runs_against_the_arrows():
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in PRODUCT
        for name in imports_of(path)
        if name.split(".")[0] not in MAY_IMPORT[path.relative_to(ROOT).parts[0]]
    ]
    assert wrong == []


def test_rooms_inside_finops_only_look_down():
    wrong = []
    for path in sources("finops"):
        room = path.relative_to(ROOT / "finops").with_suffix("").parts[0]
        for name in imports_of(path):
            used = name.split(".")[1]
            if room in MAY_USE and used != room and used not in MAY_USE[room]:
                wrong.append(f"{name_of(path)} imports {name}")
    assert wrong == []


def test_only_the_way_in_and_settle_write_facts():
    """dashboards asks query functions: it neither writes rows nor runs SQL."""
    words = re.compile(
        r"\.(save|delete|bulk_create|bulk_update)\(|\.cursor\(|\.objects\.(create|update)"
    )
    wrong = [name_of(path) for path in sources("dashboards") if words.search(path.read_text())]
    assert wrong == []


def test_files_fit_on_a_few_screens():
    folders = [*PACKAGES, "templates", "static/js", "tests", "bench"]
    long = [
        f"{name_of(path)}: {lines} lines"
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in LINES_MAX and "migrations" not in path.parts
        if (lines := len(path.read_text().splitlines())) > LINES_MAX[path.suffix]
    ]
    assert long == []


def test_functions_fit_on_a_screen():
    long = [
        f"{name_of(path)} {function.name}: {lines} lines"
        for path in PRODUCT
        for function in functions_of(path)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_tasks_are_thin():
    tasks = [
        (path, function)
        for path in PRODUCT
        for function in functions_of(path)
        if any("task" in ast.unparse(mark) for mark in function.decorator_list)
    ]
    assert tasks, "no task found"
    for path, function in tasks:
        body = function.body[1:] if ast.get_docstring(function) else function.body
        lines = body[-1].end_lineno - body[0].lineno + 1
        assert lines <= TASK_LINES_MAX, f"{name_of(path)} {function.name}: {lines} lines"


def test_a_connector_is_one_folder_and_one_line():
    folder = ROOT / "billing_ingest" / "connectors"
    folders = sorted(path.name for path in folder.iterdir() if (path / "__init__.py").exists())
    registry = (ROOT / "billing_ingest" / "registry.py").read_text()
    lines = re.findall(
        r'^    "(\w+)": "billing_ingest\.connectors\.(\w+)\.connector",$', registry, re.MULTILINE
    )
    assert sorted(lines) == [(slug, slug) for slug in folders]
    for slug in folders:
        assert (folder / slug / "connector.py").exists(), slug
        assert (folder / slug / "README.md").exists(), slug


def test_nobody_reaches_into_a_connector():
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in PRODUCT
        for name in imports_of(path)
        if name.startswith("billing_ingest.connectors.")
        and not name_of(path).startswith("/".join(name.split(".")[:3]) + "/")
    ]
    assert wrong == []


def test_only_the_seams_open_files_and_addresses():
    """HTTP and S3 go through finops/outside, so that a test can stand in for the world."""
    clients = {"httpx", "requests", "urllib3", "boto3", "botocore", "socket", "http"}
    wrong = []
    for path in PRODUCT:
        if name_of(path).startswith(("finops/outside/", "finops/embedded/")):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            wrong += [
                f"{name_of(path)} imports {name}"
                for name in names
                if name.split(".")[0] in clients and name != "http"
            ]
    assert wrong == []


def test_no_binary_floating_point_touches_money():
    files = [path for path in sources("billing_ingest") if "demo" not in path.parts]
    files += [path for path in sources("finops") if path.relative_to(ROOT).parts[1] in MONEY]
    wrong = [
        f"{name_of(path)}:{node.lineno} {ast.unparse(node)}"
        for path in files
        if name_of(path) not in FLOAT_IS_RIGHT
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name | ast.Attribute)
        and ast.unparse(node) in ("float", "models.FloatField")
    ]
    assert wrong == []


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=name_of)
def test_templates_work_under_a_strict_policy(path):
    """No inline style, script or event handler: the browser would refuse it."""
    text = re.sub(
        r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", path.read_text(), flags=re.DOTALL
    )
    assert not re.search(r"<[^>]*\sstyle\s*=", text), "inline style"
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*\b(src|type=\"application/json\"))[^>]*>", text), (
        "inline script"
    )
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", text), "inline event handler"
    assert not re.search(r"(?:src|href)=\"https?://(?!\{)", text), "another host's asset"


def test_lock_files_name_no_host():
    for path in ROOT.glob("requirements*.lock"):
        addresses = [line for line in path.read_text().splitlines() if "://" in line]
        assert addresses == [], path.name
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_every_address_has_a_name():
    unnamed = [route for route, pattern in patterns(get_resolver()) if not pattern.name]
    assert unnamed == []


def test_no_two_addresses_share_a_name():
    names = [pattern.name for _, pattern in patterns(get_resolver())]
    assert sorted(names) == sorted(set(names))


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        route = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLResolver):
            yield from patterns(entry, route)
        else:
            yield route, entry


def test_every_setting_is_documented():
    text = (ROOT / "finops" / "settings.py").read_text()
    names = set(re.findall(r'(?:env\w+|environ\.get)\(\s*"([A-Z_]+)"', text))
    documented = (ROOT / "docs" / "settings.md").read_text()
    assert {"OUTLAY_HOME", "DATABASE_URL", "OUTLAY_HTTPS"} <= names
    assert sorted(name for name in names if f"`{name}`" not in documented) == []
