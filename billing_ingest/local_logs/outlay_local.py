"""Sends the token counts of this machine's Claude Code or Codex sessions to Outlay.

    python3 outlay_local.py claude-code --url https://outlay.example.com --token-file ~/.outlay-token

Reads the session logs that the tool keeps anyway, adds them up per hour, session, model,
repository and branch, and posts the sums. No prompt, no answer, no path and no command leaves the
machine; --dry-run shows what would be sent. Run it as often as you like (cron, a login hook): only
days that changed are posted, and a day that is posted again replaces itself.

Needs Python 3.9 or newer and nothing else.
"""

from __future__ import annotations

import argparse
import getpass
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Owners = dict[str, str]

AT_ONCE = 100  # days of sessions in one post
TRIES = 4
MEASURES = (
    "requests", "empty_requests", "input_tokens", "cached_input_tokens", "cache_write_tokens",
    "cache_write_1h_tokens", "output_tokens",
)  # fmt: skip


# --- Claude Code -----------------------------------------------------------------------------


def claude_files(environ: Mapping[str, str], home: Path) -> list[Path]:
    """The transcripts of all configured folders, the oldest first."""
    named = [part.strip() for part in environ.get("CLAUDE_CONFIG_DIR", "").split(",")]
    folders = [Path(part).expanduser() for part in named if part]
    folders = folders or [home / ".config" / "claude", home / ".claude"]
    found = {path.resolve() for folder in folders for path in folder.glob("projects/**/*.jsonl")}
    return sorted(found, key=lambda path: (path.stat().st_mtime, str(path)))


def claude_calls(files: list[Path], owners: Owners) -> Iterator[Json]:
    """The calls in transcripts, each once.

    An answer stands on several lines, one per block, of which the largest counts. A copy in
    another session (resumed) counts where it was first seen, `owners` remembers where that was.
    A side chain repeats calls of its parent under other request ids: the parent's count.
    """
    calls: dict[str, Json] = {}
    for path in files:
        for line in lines_of(path, '"usage"'):
            call = claude_call(line, path)
            if call is None:
                continue
            known = calls.get(call["key"])
            if known is None:
                calls[call["key"]] = call
            elif call["output_tokens"] >= known["output_tokens"]:
                call["session"] = known["session"]
                calls[call["key"]] = call
    of_parents = {call["message"] for call in calls.values() if not call["is_side"]}
    for call in calls.values():
        if call["is_side"] and call["message"] and call["message"] in of_parents:
            continue
        call["session"] = owners.setdefault(call["key"], call["session"])
        yield call


def claude_call(line: Json, path: Path) -> Json | None:
    """One line as a call, or None: no answer of a model, or not dated."""
    message = line.get("message")
    if not isinstance(message, dict):
        return None
    usage = message.get("usage")
    at = time_of(line.get("timestamp"))
    if not isinstance(usage, dict) or at is None or message.get("model") == "<synthetic>":
        return None
    written = usage.get("cache_creation")
    written = written if isinstance(written, dict) else {}
    message_id, output = str(message.get("id") or ""), count(usage.get("output_tokens"))
    cost = line.get("costUSD")
    return {
        "key": digest(message_id, line.get("requestId") or "", "" if message_id else repr(line)),
        "message": message_id, "is_side": bool(line.get("isSidechain")), "at": at,
        "session": str(line.get("sessionId") or path.stem), "cwd": str(line.get("cwd") or ""),
        "branch": str(line.get("gitBranch") or ""), "repo": "",
        "model": str(message.get("model") or ""), "requests": 1,
        "empty_requests": 0 if output else 1, "output_tokens": output,
        "input_tokens": count(usage.get("input_tokens")),
        "cached_input_tokens": count(usage.get("cache_read_input_tokens")),
        "cache_write_tokens": count(usage.get("cache_creation_input_tokens")),
        "cache_write_1h_tokens": count(written.get("ephemeral_1h_input_tokens")),
        "cost": Decimal(cost) if isinstance(cost, (int, Decimal)) else None,
    }  # fmt: skip


# --- Codex -----------------------------------------------------------------------------------


def codex_files(environ: Mapping[str, str], home: Path) -> list[Path]:
    """The rollouts, one file per session: an archived copy is the same session."""
    folder = Path(environ.get("CODEX_HOME") or home / ".codex").expanduser()
    found: dict[str, Path] = {}
    for part in ("sessions", "archived_sessions"):
        for path in sorted(folder.glob(f"{part}/**/*.jsonl")):
            known = found.get(path.name)
            if known is None or path.stat().st_size > known.stat().st_size:
                found[path.name] = path
    return sorted(found.values())


def codex_calls(files: list[Path], owners: Owners) -> Iterator[Json]:
    """The calls in rollouts: what the running totals grew by, repeated totals once."""
    for path in files:
        about = {"session": path.stem, "cwd": "", "branch": "", "repo": "", "model": ""}
        before: Json = {}
        for line in lines_of(path, '"'):
            payload = line.get("payload")
            if not isinstance(payload, dict):
                continue
            if line.get("type") == "session_meta":
                said = payload.get("git")
                said = said if isinstance(said, dict) else {}
                about["session"] = str(payload.get("id") or about["session"])
                about["branch"] = str(said.get("branch") or "")
                about["repo"] = repo_of(str(said.get("repository_url") or ""))
            if line.get("type") in ("session_meta", "turn_context"):
                about["cwd"] = str(payload.get("cwd") or about["cwd"])
                about["model"] = str(payload.get("model") or about["model"])
            info = payload.get("info")
            at = time_of(line.get("timestamp"))
            if payload.get("type") != "token_count" or not isinstance(info, dict) or at is None:
                continue
            total = info.get("total_token_usage")
            if total and total == before:
                continue
            grown = info.get("last_token_usage") or increase(total or {}, before)
            before = total or before
            yield codex_call(about, info, grown, at)


def increase(total: Json, before: Json) -> Json:
    """What a total grew by; one that fell began anew."""
    if count(total.get("total_tokens")) < count(before.get("total_tokens")):
        before = {}
    return {name: count(total.get(name)) - count(before.get(name)) for name in total}


def codex_call(about: Json, info: Json, grown: Json, at: datetime) -> Json:
    """A call: input without its cached part, output with its reasoning."""
    cached, output = count(grown.get("cached_input_tokens")), count(grown.get("output_tokens"))
    return {
        **about, "model": str(info.get("model") or about["model"]), "at": at, "requests": 1,
        "empty_requests": 0 if output else 1, "output_tokens": output,
        "input_tokens": max(count(grown.get("input_tokens")) - cached, 0),
        "cached_input_tokens": cached, "cache_write_tokens": 0, "cache_write_1h_tokens": 0,
        "cost": None,
    }  # fmt: skip


# --- reading ---------------------------------------------------------------------------------


def lines_of(path: Path, word: str) -> Iterator[Json]:
    """The lines with the word, as objects; what cannot be read is skipped."""
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            for line in stream:
                if word not in line:
                    continue
                try:
                    found = json.loads(line, parse_float=Decimal)
                except ValueError:
                    continue
                if isinstance(found, dict):
                    yield found
    except OSError as error:
        sys.stderr.write(f"{path.name} cannot be read: {error.strerror}\n")


def time_of(text: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)


def count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def digest(*parts: Any) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:20]


def git(folder: str, *words: str) -> str:
    """What git says there; empty when it says nothing."""
    try:
        asked = subprocess.run(
            ["git", "-C", folder, *words],
            capture_output=True, text=True, timeout=5, check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""


def repo_of(address: str) -> str:
    """owner/name of a remote's address, without host and credentials."""
    path = re.sub(r"^[a-z+]+://[^/]+/|^[^/:]+:", "", address.strip())
    return re.sub(r"(\.git)?/?$", "", path).lower()


def repo_in(folder: str, known: dict[str, str]) -> str:
    """The repository of a folder, asked of git once."""
    if folder not in known:
        is_there = bool(folder) and Path(folder).is_dir()
        known[folder] = (
            repo_of(git(folder, "config", "--get", "remote.origin.url")) if is_there else ""
        )
    return known[folder]


# --- adding up and sending -------------------------------------------------------------------


def objects_of(calls: Iterable[Json], machine: str, person: str, first_day: date) -> Iterator[Json]:
    """The sums per session and day: [{machine, session, day, person, rows}]."""
    sums: dict[tuple[str, str], dict[tuple[Any, ...], Json]] = {}
    repos: dict[str, str] = {}
    for call in calls:
        day = call["at"].date()
        if day < first_day:
            continue
        repo = call["repo"] or repo_in(call["cwd"], repos)
        hour = call["at"].strftime("%Y-%m-%dT%H:00:00Z")
        # Calls with a cost of their own stay apart from those without.
        key = (hour, call["model"], repo, call["branch"], call["cost"] is not None)
        rows = sums.setdefault((call["session"], day.isoformat()), {})
        row = rows.setdefault(key, dict.fromkeys(MEASURES, 0) | {"nanos": 0})
        for name in MEASURES:
            row[name] += call[name]
        row["nanos"] += round((call["cost"] or 0) * 10**9)
    for (session, day), rows in sorted(sums.items()):
        yield {
            "machine": machine, "session": session, "day": day, "person": person,
            "rows": [as_row(key, rows[key]) for key in sorted(rows)],
        }  # fmt: skip


def as_row(key: tuple[Any, ...], row: Json) -> Json:
    hour, model, repo, branch, has_cost = key
    measures = {name: row[name] for name in MEASURES if row[name] or name == "requests"}
    cost = f"{row['nanos'] // 10**9}.{row['nanos'] % 10**9:09d}"
    said = {"hour": hour, "model": model, "repo": repo, "branch": branch, **measures}
    return {**said, "list_cost": cost} if has_cost else said


def post(url: str, token: str, tool: str, objects: list[Json]) -> None:
    """Post some objects. Raises SystemExit with the reason when that does not work."""
    body = json.dumps({"tool": tool, "objects": objects}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    asked = urllib.request.Request(f"{url}/ingest/v1/counters", body, headers)
    for tried in range(1, TRIES + 1):
        try:
            with urllib.request.urlopen(asked, timeout=60):
                return
        except urllib.error.HTTPError as error:
            if error.code not in (429, 502, 503, 504) or tried == TRIES:
                said = error.read(2000).decode("utf-8", "replace")
                raise SystemExit(f"Outlay answered {error.code}: {said}") from None
            wait = error.headers.get("Retry-After", "")
            time.sleep(min(int(wait), 60) if wait.isdigit() else 2**tried)
        except OSError as error:
            if tried == TRIES:
                raise SystemExit(f"Outlay cannot be reached: {error}") from None
            time.sleep(2**tried)


def load_state(path: Path) -> Json:
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        state = {}
    return {"sent": state.get("sent", {}), "owners": state.get("owners", {})}


def save_state(path: Path, state: Json) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(state), encoding="utf-8")
    draft.replace(path)


TOOLS = {
    "claude-code": ("claude_code", claude_files, claude_calls),
    "codex": ("codex", codex_files, codex_calls),
}


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tool", choices=sorted(TOOLS))
    parser.add_argument("--url", required=True, help="the address of Outlay")
    parser.add_argument("--token-file", help="a file with the token; else OUTLAY_TOKEN")
    parser.add_argument("--email", default="", help="who you are at work")
    parser.add_argument("--git-email", action="store_true", help="take the address from git config")
    parser.add_argument("--days", type=int, default=30, help="how far back to look (30)")
    parser.add_argument("--state", help="where to remember what was sent")
    parser.add_argument("--dry-run", action="store_true", help="show what would be sent")
    parser.add_argument("--allow-http", action="store_true", help="send unencrypted")
    asked = parser.parse_args(words)
    host = urllib.parse.urlsplit(asked.url)
    if (
        host.scheme != "https"
        and host.hostname not in ("localhost", "127.0.0.1")
        and not asked.allow_http
    ):
        parser.error("the token would be sent in clear; use https, or --allow-http")
    return asked


def token_of(asked: argparse.Namespace, environ: Mapping[str, str]) -> str:
    if asked.token_file:
        return Path(asked.token_file).expanduser().read_text(encoding="utf-8").strip()
    if environ.get("OUTLAY_TOKEN"):
        return environ["OUTLAY_TOKEN"].strip()
    raise SystemExit("Give the token with --token-file or in OUTLAY_TOKEN.")


def main(
    words: Sequence[str] | None = None,
    environ: Mapping[str, str] = os.environ,
    home: Path | None = None,
) -> None:
    asked = arguments(words)
    home = home or Path.home()
    tool, files, calls = TOOLS[asked.tool]
    default = home / ".local" / "state" / "outlay" / f"{tool}.json"
    state_path = Path(asked.state).expanduser() if asked.state else default
    state = load_state(state_path)
    person = asked.email or (
        git(str(home), "config", "--get", "user.email") if asked.git_email else ""
    )
    machine = digest(platform.node(), getpass.getuser())[:12]
    first_day = (datetime.now(timezone.utc) - timedelta(days=asked.days)).date()
    found = objects_of(calls(files(environ, home), state["owners"]), machine, person, first_day)
    fresh = []
    for one in found:
        name, said = f"{one['session']}|{one['day']}", digest(json.dumps(one, sort_keys=True))
        if state["sent"].get(name) != said:
            fresh.append((name, said, one))
    if asked.dry_run:
        sys.stdout.write(
            json.dumps({"tool": tool, "objects": [o for _, _, o in fresh]}, indent=1) + "\n"
        )
        return
    token = token_of(asked, environ)
    for start in range(0, len(fresh), AT_ONCE):
        part = fresh[start : start + AT_ONCE]
        post(asked.url.rstrip("/"), token, tool, [one for _, _, one in part])
        state["sent"].update({name: said for name, said, _ in part})
        save_state(state_path, state)
    sys.stdout.write(f"Days of sessions sent: {len(fresh)}\n")


if __name__ == "__main__":
    main()
