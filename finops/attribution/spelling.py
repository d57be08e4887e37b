"""How people and teams write themselves: forms of a name that two places may share. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher

ALIKE = 0.86  # share of letters in common from which two spellings may be one
FUZZY_MIN = 5  # letters; shorter words resemble one another by chance
NOREPLY = re.compile(r"(?:\d+\+)?([a-z0-9-]+)@users\.noreply\.github\.com")
BOT = re.compile(r"\[bot\]$|\b(bot|ci|cd|service|svc|runner|pipeline|nightly|cron|scheduler)\b")


def plain(text: str) -> str:
    """Lower case without accents."""
    folded = unicodedata.normalize("NFKD", text.lower())
    return "".join(char for char in folded if not unicodedata.combining(char))


def words(text: str) -> tuple[str, ...]:
    """The words in a name, without separators: `ann.lee-42` is ann, lee, 42."""
    return tuple(re.findall(r"[a-z]+|\d+", plain(text)))


def squeezed(text: str) -> str:
    """Without separators: `Ann.Lee-42` is annlee42."""
    return "".join(words(text))


def without_digits(text: str) -> str:
    """Without separators and the digits that were added because the name was taken."""
    return squeezed(text).rstrip("0123456789")


def local_part(email: str) -> str:
    """What stands before the @, without a +tag."""
    return email.partition("@")[0].partition("+")[0]


def domain(email: str) -> str:
    return email.rpartition("@")[2].lower()


def noreply_login(email: str) -> str:
    """The login in an address that GitHub gives out, else nothing."""
    found = NOREPLY.fullmatch(email.lower())
    return found.group(1) if found else ""


def full_forms(name: str) -> Iterator[tuple[str, str]]:
    """Ways to write a person's whole name as one word, each with what it is.

    Needs a first and a last name; `Ann de Lee` is ann, lee.
    """
    parts = [part for part in words(name) if part.isalpha()]
    if len(parts) < 2 or len(parts[-1]) < 2:
        return
    first, last = parts[0], parts[-1]
    yield first + last, "first and last name"
    yield last + first, "last and first name"
    yield first[0] + last, "initial and last name"
    yield first + last[0], "first name and initial"
    if len(parts) > 2:
        yield "".join(parts), "whole name"


def alike(one: str, other: str) -> bool:
    """Whether two words differ by a slip of the pen."""
    if min(len(one), len(other)) < FUZZY_MIN:
        return False
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return (
        matcher.real_quick_ratio() >= ALIKE
        and matcher.quick_ratio() >= ALIKE
        and matcher.ratio() >= ALIKE
    )


def holds(outer: tuple[str, ...], inner: tuple[str, ...]) -> bool:
    """Whether the words of `inner` stand in `outer`, side by side."""
    size = len(inner)
    return bool(inner) and any(outer[i : i + size] == inner for i in range(len(outer) - size + 1))


def looks_like_a_machine(text: str) -> bool:
    return bool(BOT.search(re.sub(r"[_.-]+", " ", plain(text))))
