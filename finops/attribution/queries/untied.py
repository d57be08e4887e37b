"""What is not tied to work, and what is missing to tie it."""

from .books import scope_params
from .shapes import Scope, UntiedRow
from .sql_files import fetch


def untied(scope: Scope) -> list[UntiedRow]:
    """Return unattributed money by reason and missing piece, the dearest first."""
    return [UntiedRow(*row) for row in fetch("allocated", "untied", **scope_params(scope))]
