"""Payloads that the litellm package itself writes, with answers made up: each loads as it was.

The package runs in an environment of its own (`make vendors`).
"""

import json
import os
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from finops.attribution.verify.files import imports_equal_their_files
from finops.ledger.models import Usage
from tests.loading import give

pytestmark = [pytest.mark.heavy, pytest.mark.django_db]
PYTHON = Path(__file__).parents[1] / ".build" / "vendors" / "bin" / "python"
TINY = Decimal("1e-18")
PROGRAM = """
import json, time
import litellm
from litellm.integrations.custom_logger import CustomLogger


class Writer(CustomLogger):
    def log_success_event(self, kwargs, response_obj, start_time, end_time):
        payload = kwargs["standard_logging_object"]
        with open(payload["id"] + ".json", "w") as out:
            json.dump(payload, out, default=str)

    log_failure_event = log_success_event


litellm.callbacks = [Writer()]
said = [{"role": "user", "content": "canary-words"}]
about = {"spend_logs_metadata": {"repo": "acme/web"}, "tags": ["pr:acme/web#7"]}
for model in ("gpt-4o", "anthropic/claude-sonnet-4-5", "gpt-4o-mini"):
    litellm.completion(model=model, messages=said, mock_response="four words of answer", metadata=about)
try:
    litellm.completion(model="gpt-4o", messages=said, mock_response=Exception("no"), num_retries=0)
except Exception:
    pass
deadline = time.monotonic() + 30
import glob
while len(glob.glob("*.json")) < 4 and time.monotonic() < deadline:
    time.sleep(0.1)
"""


def test_what_the_package_writes_loads_as_it_was(tmp_path):
    if not PYTHON.exists() or not list(PYTHON.parents[1].glob("lib/*/site-packages/litellm")):
        assert not os.environ.get("CI"), "make vendors has not run"
        pytest.skip("the package is not here: make vendors")
    local = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "OPENAI_API_KEY": "x",
        "ANTHROPIC_API_KEY": "x",
    }
    subprocess.run(
        [PYTHON, "-c", PROGRAM], cwd=tmp_path, check=True, timeout=120, env=os.environ | local
    )
    files = sorted(tmp_path.glob("*.json"))
    payloads = [json.loads(file.read_text(), parse_float=Decimal) for file in files]
    assert len(payloads) == 4
    for file in files:
        imp = give("litellm", file)
        assert (imp.errors, imp.document) == ([], "payloads")

    rows = list(Usage.objects.all())
    assert sum(row.requests for row in rows) == 4
    assert sum(row.failed_requests for row in rows) == 1
    tokens = sum((row.input_tokens or 0) + (row.output_tokens or 0) for row in rows)
    assert tokens == sum(one["total_tokens"] for one in payloads)
    # The books keep eighteen decimals of a list cost.
    costs = sum(Decimal(one["response_cost"] or 0).quantize(TINY) for one in payloads)
    assert sum(row.list_cost or 0 for row in rows) == costs
    assert {row.repo for row in rows if not row.failed_requests} == {"acme/web"}
    assert {row.pr for row in rows if not row.failed_requests} == {"acme/web#7"}
    unread: list[str] = []
    assert (list(imports_equal_their_files(unread)), unread) == ([], [])
