"""What goes wrong with a vendor's API: answers that come before, or instead of, the right ones."""

import json
from collections.abc import Callable
from typing import Any

from tests.vendor import Answer, Asked


def as_json(value: Any, **more: Any) -> Answer:
    return Answer(json.dumps(value).encode(), **more)


def throttled(seconds: int = 1) -> Answer:
    return as_json(
        {"error": {"message": "slow down"}}, status=429, headers={"Retry-After": str(seconds)}
    )


def failed(status: int = 503, words: str = "try later") -> Answer:
    return as_json({"error": {"message": words}}, status=status)


def sign_in_page() -> Answer:
    return Answer(b"<html>Please sign in</html>", headers={"Content-Type": "text/html"})


class Troubles:
    """A vendor that answers some paths with these first. `stays`: ever after."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        self.answer = answer
        self.first: dict[str, list[Answer]] = {}
        self.stays: dict[str, Answer] = {}

    def __call__(self, asked: Asked) -> Answer:
        for ending, waiting in self.first.items():
            if asked.path.endswith(ending) and waiting:
                return waiting.pop(0)
        for ending, instead in self.stays.items():
            if asked.path.endswith(ending):
                return instead
        return self.answer(asked)
