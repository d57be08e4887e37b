"""How to let programs send to a source: what to write into the settings of each of them."""

import json
from dataclasses import dataclass

TOKEN = "YOUR-TOKEN"  # noqa: S105 - stands where the token goes


@dataclass(frozen=True)
class Recipe:
    """One program: where its settings are, and what to write there."""

    program: str
    where: str
    text: str
    note: str = ""


def recipes(slug: str, home: str, token: str = "") -> list[Recipe]:
    """The recipes of a connector. home: our address without a slash at its end."""
    given = token or TOKEN
    if slug == "otlp":
        return [
            claude_code(home, given),
            codex(home, given),
            gemini(home, given),
            any_program(home, given),
        ]
    tool = {"claude_code_local": "claude-code", "codex_local": "codex"}.get(slug)
    return [command(home, given, tool)] if tool else []


def claude_code(home: str, token: str) -> Recipe:
    settings = {
        "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"{home}/otlp",
        "OTEL_EXPORTER_OTLP_HEADERS": f"x-outlay-token={token}",
        "OTEL_RESOURCE_ATTRIBUTES": "team=YOUR-TEAM",
    }
    return Recipe(
        "Claude Code",
        "~/.claude/settings.json, or managed-settings.json for everybody",
        json.dumps({"env": settings}, indent=2),
        "The same names work as environment variables. Events are enough: with OTEL_METRICS_EXPORTER "
        "the same calls come as metrics, too, and count once. Leave OTEL_LOG_USER_PROMPTS off.",
    )


def codex(home: str, token: str) -> Recipe:
    text = "\n".join(
        (
            "[otel]",
            'environment = "work"',
            "log_user_prompt = false",
            "",
            '[otel.exporter."otlp-http"]',
            f'endpoint = "{home}/otlp/v1/logs"',
            'protocol = "binary"',
            "",
            '[otel.exporter."otlp-http".headers]',
            f'"x-outlay-token" = "{token}"',
        )
    )
    return Recipe("Codex", "~/.codex/config.toml", text)


def gemini(home: str, token: str) -> Recipe:
    settings = {
        "telemetry": {
            "enabled": True, "target": "local", "useCollector": True, "otlpProtocol": "http",
            "otlpEndpoint": f"{home}/otlp", "logPrompts": False,
        }
    }  # fmt: skip
    return Recipe(
        "Gemini CLI",
        "~/.gemini/settings.json, and the token in the environment",
        f"{json.dumps(settings, indent=2)}\n\n"
        f"export OTEL_EXPORTER_OTLP_HEADERS=x-outlay-token={token}",
    )


def any_program(home: str, token: str) -> Recipe:
    return Recipe(
        "Any program with OpenTelemetry, or a collector",
        "its environment",
        f"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\n"
        f"OTEL_EXPORTER_OTLP_ENDPOINT={home}/otlp\n"
        f"OTEL_EXPORTER_OTLP_HEADERS=x-outlay-token={token}\n"
        "OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental",
        "Calls count that an instrumentation of gen_ai traces or measures. Spans and metrics of the "
        "same calls count once.",
    )


def command(home: str, token: str, tool: str) -> Recipe:
    asks_http = "" if home.startswith("https://") else " --allow-http"
    return Recipe(
        "On each user's machine",
        "a terminal, then a daily job (cron, launchd or a login script)",
        f"curl -fsSO {home}/outlay_local.py\n"
        f"(umask 077; printf %s '{token}' > ~/.outlay-token)\n"
        f"python3 outlay_local.py {tool} --url {home} --token-file ~/.outlay-token --git-email{asks_http}",
        "Only counts leave the machine; add --dry-run to see them. Leave --git-email out to send no "
        "address.",
    )
