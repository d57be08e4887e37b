from django.apps import AppConfig


class EmbeddedConfig(AppConfig):
    """No tables: listed for its management commands and system checks."""

    name = "finops.embedded"
    label = "embedded"

    def ready(self) -> None:
        from finops import checks  # noqa: F401 - importing registers the checks
