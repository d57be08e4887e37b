"""Chance that repeats: a generator for each named part of the story."""

import random


def dice(*names: object) -> random.Random:
    """Return a generator that depends on the names alone, on every machine."""
    return random.Random(":".join(str(name) for name in names))  # noqa: S311 - invents, hides nothing
