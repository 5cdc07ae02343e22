"""The lines of a text, which are its headline and its paragraphs, asked by offset."""

from __future__ import annotations

from bisect import bisect_right


class Lines:
    """Where lines begin and end, and which are in capitals; each line is looked at once, however often it is asked."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0]
        while (found := text.find("\n", self._starts[-1])) >= 0:
            self._starts.append(found + 1)
        self._capitals: dict[int, bool] = {}

    def around(self, offset: int) -> tuple[int, int]:
        """Start and end of the line that text[offset] stands in, without the line break."""
        number = bisect_right(self._starts, offset) - 1
        end = self._starts[number + 1] - 1 if number + 1 < len(self._starts) else len(self._text)
        return self._starts[number], end

    def in_capitals(self, offset: int) -> bool:
        """Whether the line that text[offset] stands in is written in capitals throughout."""
        start, end = self.around(offset)
        if start not in self._capitals:
            self._capitals[start] = in_capitals(self._text[start:end])
        return self._capitals[start]


def in_capitals(line: str) -> bool:
    """Whether a line is written in capitals throughout."""
    # Nearly every line has enough of the commonest small letters to tell at once.
    if 5 * sum(map(line.count, "eaoitnsr")) > len(line):
        return False
    capital = sum(map(str.isupper, line))
    letters = capital + sum(map(str.islower, line))
    return letters > 3 and capital >= 0.8 * letters
