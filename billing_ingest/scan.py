"""One look at the bytes as they stream by: lines, line ends, zero bytes, endless lines."""

from collections.abc import Iterator
from pathlib import Path

from billing_ingest.refusal import Refused, refuse

BLOCK = 1024 * 1024
LINE_MAX = 2_000_000  # bytes; the CSV reader's own limit


class Scan:
    """Counts over a stream of blocks. Raises Refused as soon as a line has no end in sight."""

    def __init__(self) -> None:
        self.size = 0
        self.feeds = 0  # line feeds
        self.returns = 0  # carriage returns
        self.pairs = 0  # of both
        self.zero_line: int | None = None
        self.since_line_end = 0
        self.last = b""
        self.has_text = False

    def feed(self, block: bytes) -> None:
        """Take the next block into the counts."""
        if self.zero_line is None and (at := block.find(b"\0")) >= 0:
            self.zero_line = self.lines_begun + block.count(b"\n", 0, at)
        returns = block.count(b"\r")
        self.feeds += block.count(b"\n")
        self.returns += returns
        if returns:
            self.pairs += block.count(b"\r\n")
        if self.last == b"\r" and block[:1] == b"\n":
            self.pairs += 1
        self.measure_line(block)
        self.size += len(block)
        self.last = block[-1:]
        self.has_text = self.has_text or not block.isspace()

    def measure_line(self, block: bytes) -> None:
        end = max(block.rfind(b"\n"), block.rfind(b"\r"))
        self.since_line_end = len(block) - end - 1 + (self.since_line_end if end < 0 else 0)
        if self.since_line_end > LINE_MAX + len(block):
            raise refuse(
                "line_too_long", f"Line {self.lines_begun} is longer than {LINE_MAX} bytes.",
                line=self.lines_begun, expected=f"at most {LINE_MAX} bytes a line",
                fix="Check for a missing line end or a missing closing quote.",
            )  # fmt: skip

    @property
    def lines_begun(self) -> int:
        """The number of the line that the next byte belongs to."""
        return 1 + (self.feeds or self.returns)

    @property
    def lines(self) -> int:
        """How many lines there are, the last one with or without an end."""
        ended = self.feeds + self.returns - self.pairs
        return ended if self.last in (b"\n", b"\r", b"") else ended + 1

    @property
    def has_mixed_line_ends(self) -> bool:
        lone_feeds, lone_returns = self.feeds - self.pairs, self.returns - self.pairs
        return sum(count > 0 for count in (self.pairs, lone_feeds, lone_returns)) > 1

    def problems(self, name: str) -> Iterator[Refused]:
        """Yield what makes the file unfit to be read as text."""
        if not self.has_text:
            yield refuse("no_rows", "The file holds nothing but blank lines.", file=name,
                         expected="a header and at least one row", fix="Export it again.")  # fmt: skip
        if self.zero_line is not None:
            yield refuse(
                "nul_byte", f"Line {self.zero_line} holds a zero byte.", file=name,
                line=self.zero_line, found="\0", expected="text",
                fix="Export the file again; it is not clean text.",
            )  # fmt: skip


def one_kind_of_line_end(path: Path, target: Path) -> tuple[Path, Scan]:
    """Rewrite a file with several kinds of line ends so that each is one line feed."""
    scan = Scan()
    held = b""
    with path.open("rb") as source, target.open("wb") as out:
        while block := source.read(BLOCK):
            block = held + block
            # A pair may be cut between two blocks: hold its first half back.
            held = b"\r" if block.endswith(b"\r") else b""
            block = block[: len(block) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            scan.feed(block)
            out.write(block)
        if held:
            scan.feed(b"\n")
            out.write(b"\n")
    return target, scan
