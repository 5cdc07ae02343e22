"""Finds quotes: puts cues, reported clauses and the stretches between marks together, in the order of the text.

The text is read once from its start. Each stretch between quote marks is either claimed by a cue beside it,
part of what a cue reports, a quotation of somebody who has just been speaking, or no quotation. What is known so far of
who is speaking is kept in `Discourse`.
"""

from __future__ import annotations

from consumers.enrich.quotes.article import Article, Draft
from consumers.enrich.quotes.attribution import (
    cue_after,
    cue_before,
    final_mark,
    goes_on_with_list,
    heads_line,
    is_near,
    is_own_words,
    runs_on,
    starts_sentence,
)
from consumers.enrich.quotes.blocks import find_blocks
from consumers.enrich.quotes.cue import Cue
from consumers.enrich.quotes.discourse import Discourse
from consumers.enrich.quotes.floating import Floating
from consumers.enrich.quotes.grammar import is_word
from consumers.enrich.quotes.headlines import echo_headlines
from consumers.enrich.quotes.no_quotations import is_inscription, no_quotation
from consumers.enrich.quotes.reported import Range, before_contrast, is_marked_that, reported
from consumers.enrich.quotes.transcripts import find_turns

_SAID_BY_SOMEBODY = frozenset("tell ask claim allege announce report say argue".split())
"""Verbs that report speech in the passive even where nobody is named."""


class Finder:
    """Finds the quotes of one article."""

    def __init__(self, article: Article) -> None:
        self.article = article
        self.tokens = article.tokens
        self.discourse = Discourse(article)
        self.floating = Floating(article, self.discourse)
        self.claimed: dict[int, Draft] = {}
        self.set_aside: set[int] = set()
        self.turns = {turn.paragraph: turn for turn in find_turns(article.tokens)}
        self.blocks = find_blocks(article, self.turns)
        self.by_token = {cue.token: cue for cue in article.outside}
        self.reports = self._reports()
        self.reporters = self._reporters()

    def find(self) -> list[Draft]:
        """All quotes, in the order of the text."""
        events: list[tuple[int, int, int]] = [(s.start, 0, n) for n, s in enumerate(self.article.stretches)]
        events += [(self.tokens.starts[ranges[0][0]], 1, n) for n, (_, ranges, _) in enumerate(self.reports)]
        for number in range(len(self.article.stretches)):
            if no_quotation(self.article, number) in ("note", "nickname"):
                self.set_aside.add(number)
            else:
                self._claim_beside(number)
        self._claim_backwards()
        for turn in self.turns.values():
            act = "question" if self.tokens.text[turn.end - 1] == "?" else "statement"
            self._add(Draft([(turn.start, turn.end)], "direct", None, turn.label, (), ["turn"], act=act), [])
        for block in self.blocks:
            cue = block.cue
            self._add(Draft(block.spans, "direct", cue, cue.speaker, cue.others, ["block", cue.rule]), [])
        for _, kind, number in sorted(events):
            if kind == 1:
                self._report(*self.reports[number])
            elif number not in self.claimed:
                self._stretch(number)
        echo_headlines(self.tokens, self.discourse.drafts)
        return self.discourse.drafts

    # --- reported clauses -------------------------------------------------------------------------------------------

    def _reports(self) -> list[tuple[Cue, list[Range], str]]:
        found = []
        for cue in self.article.outside:
            ranges, rule = reported(self.tokens, cue)
            if ranges:
                nearby = self.article.cues_between(ranges[0][0], ranges[-1][1])
                found.append((cue, before_contrast(self.tokens, cue, ranges, nearby), rule))
        return found

    def _report(self, cue: Cue, ranges: list[Range], rule: str) -> None:
        """A reported clause: indirect where it holds no stretch, mixed where it does."""
        if cue.token in self.reporters or self._is_own_turn(cue) or self._is_in_block(cue):
            return
        spans = []
        touched: list[int] = []
        ranges = self._without_titles(self._without_others(cue, ranges))
        for first, last in ranges:
            spans.append((self.tokens.starts[first], self.tokens.ends[last]))
            for token in range(first, last + 1):
                number = self.article.stretch_of[token]
                if number >= 0 and number not in touched:
                    touched.append(number)
        if touched and self._goes_on(cue, ranges, touched):
            return
        others = [number for number in touched if number in self.claimed and self.claimed[number].cue is not cue]
        if others and all(number in self.claimed for number in touched):
            return
        if any(no_quotation(self.article, number) == "note" for number in touched):
            return
        direct = any(number in self.claimed and self.claimed[number].kind == "direct" for number in touched)
        if (direct and self._outside(ranges) == 0) or (not touched and not self._worth(cue)):
            return
        spans = [self._widened(span, touched) for span in spans]
        whole = bool(touched) and self._outside(ranges) == 0
        for number in touched:
            old = self.claimed.pop(number, None)
            if old is not None:
                self.discourse.remove(old)
        draft = Draft(
            spans,
            "direct" if whole else "mixed" if touched else "indirect",
            cue,
            cue.speaker,
            cue.others,
            [rule, cue.rule],
        )
        if self._ends_with(cue, ranges, touched):
            draft.kind, whole = "direct", True
        if whole:
            draft.spans = [(self.article.stretches[n].start, self.article.stretches[n].end) for n in touched]
        self._add(draft, touched)

    def _goes_on(self, cue: Cue, ranges: list[Range], touched: list[int]) -> bool:
        """Whether what a cue reports only goes on with words in marks before it: “…,” she said, “…” and, smiling, “…”

        The quote takes in all of its stretches.
        """
        draft = self.claimed.get(touched[0])
        if draft is None or draft.cue is not cue or draft.kind != "direct" or draft.stretches[0] == touched[0]:
            return False
        if self.article.stretch_of[ranges[0][0]] != touched[0]:
            return False
        for number in touched:
            if number not in self.claimed:
                self._take(draft, number)
        return True

    def _without_others(self, cue: Cue, ranges: list[Range]) -> list[Range]:
        """The ranges cut before a clause joined to them in which somebody else, with a name or role, says words in
        marks.
        """
        tokens = self.tokens
        kept = []
        for first, last in ranges:
            for other in self.article.cues_between(first + 1, last):
                if other.kind != "verb" or other is cue or other.speaker is None:
                    continue
                if not tokens.tags[other.speaker.head].startswith("NN") or is_marked_that(tokens, other.token):
                    continue
                if (
                    (
                        tokens.deps[other.token] in ("conj", "advcl", "parataxis")
                        and first < tokens.left[other.token] <= last
                    )
                    and any(self.article.stretch_of[t] >= 0 for t in range(other.last + 1, last + 1))
                    and not any(self.article.stretch_of[t] >= 0 for t in range(tokens.left[other.token], other.first))
                ):
                    last = tokens.left[other.token] - 1
                    break
            while last > first and (not is_word(tokens, last) or tokens.deps[last] in ("cc", "punct")):
                last -= 1
            kept.append((first, last))
        return kept

    def _without_titles(self, ranges: list[Range]) -> list[Range]:
        """The ranges without a title of a work that one starts or ends with: he said in his book, “An American Son”."""
        kept = []
        for first, last in ranges:
            number = self.article.stretch_of[last]
            if number >= 0 and no_quotation(self.article, number) == "title-of-work":
                last = min(last, self.article.ranges[number][0] - 1)
            number = self.article.stretch_of[first]
            if number >= 0 and no_quotation(self.article, number) == "title-of-work":
                first = max(first, self.article.ranges[number][1] + 1)
            if any(self.tokens.words[token][0].isalnum() for token in range(first, last + 1)):
                kept.append((first, last))
        return kept or ranges

    def _worth(self, cue: Cue) -> bool:
        """Whether a reported clause without words in marks is speech."""
        tokens = self.tokens
        if "thought" in cue.frames and "quote" not in cue.frames:
            return False
        if cue.speaker is not None and tokens.lower[cue.speaker.head] == "you":
            return False  # Whoever asks reminds somebody of his words.
        if cue.speaker is None:
            passive = tokens.tags[cue.token] == "VBN" and cue.lemma in _SAID_BY_SOMEBODY
            return cue.kind == "according" or passive
        return not (
            tokens.lower[cue.speaker.head] == "it" and tokens.tags[cue.token] in ("VB", "VBG") and cue.rule != "subject"
        )

    def _reporters(self) -> dict[int, list[Cue]]:
        """For each cue's token, the cues whose reported clauses it stands in, of those that report speech by
        themselves.
        """
        found: dict[int, list[Cue]] = {}
        for cue, ranges, _ in self.reports:
            if cue.speaker is None or ("thought" in cue.frames and "quote" not in cue.frames):
                continue
            for first, last in ranges:
                for inner in self.article.cues_between(first, last):
                    if inner is not cue:
                        found.setdefault(inner.token, []).append(cue)
        return found

    def _is_shown(self, cue: Cue) -> bool:
        """Whether a cue only tells what somebody said of another: he said that the president shows “great charm”."""
        if cue.token not in self.reporters:
            return False
        if cue.lemma in ("show", "feel", "indicate") or "document" in cue.frames:
            return True
        by_person = cue.speaker is None or self.discourse.can_speak(cue.speaker.head)
        return "quote" not in cue.frames and not by_person

    def _is_own_turn(self, cue: Cue) -> bool:
        """Whether somebody speaks of his own words within his turn: I said no."""
        if cue.speaker is None or self.tokens.paragraph[cue.token] not in self.turns:
            return False
        return self.tokens.lower[cue.speaker.head] in ("i", "we", "you", "they", "it")

    def _is_in_block(self, cue: Cue) -> bool:
        """Whether a cue stands within a block of somebody's words."""
        return any(block.holds(self.tokens.starts[cue.token]) for block in self.blocks)

    def _outside(self, ranges: list[Range]) -> int:
        """How many words of the ranges stand outside the stretches."""
        return sum(
            1
            for first, last in ranges
            for token in range(first, last + 1)
            if self.article.stretch_of[token] < 0 and self.tokens.words[token][0].isalnum()
        )

    def _ends_with(self, cue: Cue, ranges: list[Range], touched: list[int]) -> bool:
        """The US has “made it clear that …,” CNN wrote: long words in marks right before their cue are quoted alone."""
        if len(touched) != 1 or len(ranges) != 1 or ranges[0][1] > cue.first:
            return False
        first, last = self.article.ranges[touched[0]]
        if final_mark(self.article, touched[0]) != "," or last < ranges[0][1] - 1:
            return False
        return last - first + 1 >= 12 and last - first + 1 > 2 * self._outside(ranges)

    def _widened(self, span: tuple[int, int], touched: list[int]) -> tuple[int, int]:
        """A span that holds the stretches it touches whole, with their marks."""
        start, end = span
        for number in touched:
            stretch = self.article.stretches[number]
            if stretch.start < end and stretch.end > start:
                start, end = min(start, stretch.outer_start), max(end, stretch.outer_end)
        return start, end

    # --- stretches --------------------------------------------------------------------------------------------------

    def _claim_beside(self, number: int) -> None:
        found = cue_before(self.article, number)
        if found is None or (found[1] not in ("cue-and-colon", "name-and-colon", "cue-right-before")):
            after = cue_after(self.article, number)
            if after is not None:
                found = after
        if found is None:
            broken_off = self.claimed.get(number - 1)
            if broken_off is not None and runs_on(self.article, broken_off, number):
                self._interrupt(broken_off, number)
            return
        cue, rule = found
        if self._is_own_turn(cue) or self._is_shown(cue):
            return
        if is_inscription(self.article, cue) or (
            rule.startswith(("cue-right-before", "cue-before-comma", "cue-after"))
            and no_quotation(self.article, number)
        ):
            self.set_aside.add(number)
            return
        previous = self.claimed.get(number - 1)
        stretch = self.article.stretches[number]
        if previous is not None and previous.cue is cue and previous.stretches[-1] == number - 1:
            self._interrupt(previous, number)
            return
        draft = Draft([(stretch.start, stretch.end)], "direct", cue, cue.speaker, cue.others, [rule, cue.rule])
        self._add(draft, [number])

    def _interrupt(self, draft: Draft, number: int) -> None:
        """Let a quote take in a stretch that its cue parts from it."""
        self._take(draft, number)
        draft.rules.append("interrupted")

    def _take(self, draft: Draft, number: int) -> None:
        draft.spans.append((self.article.stretches[number].start, self.article.stretches[number].end))
        draft.stretches.append(number)
        self.claimed[number] = draft

    def _claim_backwards(self) -> None:
        """Give the paragraphs of a quotation to the cue that stands only beside a later one of them."""
        for number in reversed(range(1, len(self.article.stretches))):
            draft = self.claimed.get(number)
            if draft is None or not self.article.stretches[number].continued:
                continue
            if number - 1 in self.claimed or number - 1 in self.set_aside:
                continue
            before = self.article.stretches[number - 1]
            self.discourse.remove(draft)
            draft.spans.insert(0, (before.start, before.end))
            draft.stretches.insert(0, number - 1)
            draft.rules.append("continued")
            self.claimed[number - 1] = draft
            self.discourse.add(draft)

    def _stretch(self, number: int) -> None:
        """A stretch that no cue claims: a quotation of who has been speaking, a fragment, or nothing."""
        article, tokens = self.article, self.tokens
        stretch = article.stretches[number]
        first, last = article.ranges[number]
        paragraph = tokens.paragraph[first]
        if stretch.continued and number - 1 in self.claimed:
            self._take(self.claimed[number - 1], number)
            self.claimed[number].rules.append("continued")
            return
        if number in self.set_aside:
            return
        if paragraph in self.turns:
            governing = self._governing(first, last)
            if governing is not None and not self._is_own_turn(governing):
                self._fragment(number)
            return
        if number - 1 in self.set_aside and goes_on_with_list(article, number):
            self.set_aside.add(number)
            return
        if (
            starts_sentence(article, number)
            and (final_mark(article, number) in tuple(".?!…—") or not stretch.closed or heads_line(article, number))
            and last - first >= 1
            and no_quotation(article, number) != "title-of-work"
        ):
            self._floating(number, paragraph)
            return
        self._fragment(number)

    def _floating(self, number: int, paragraph: int) -> None:
        draft = self.floating.sentence(number, paragraph)
        if draft is not None:
            self._add(draft, [number])
            return
        self._take(self.claimed[number - 1], number)
        self.claimed[number].rules.append("goes-on")

    def _fragment(self, number: int) -> None:
        """A few words in marks within a sentence: a quotation where a cue governs them, else distance or a title."""
        article = self.article
        first, last = article.ranges[number]
        if number in self.set_aside or no_quotation(article, number):
            self.set_aside.add(number)
            return
        governing = self._governing(first, last)
        stretch = article.stretches[number]
        length = last - first + 1
        if governing is not None and length <= 2 and not is_near(article, governing, number):
            return
        if governing is not None:
            draft = Draft(
                [(stretch.start, stretch.end)],
                "direct",
                governing,
                governing.speaker,
                governing.others,
                ["fragment", governing.rule],
            )
            self._add(draft, [number])
        elif length >= 3 and is_own_words(article, number) and not stretch.single:
            self._add(self.floating.fragment(number), [number])

    def _governing(self, first: int, last: int) -> Cue | None:
        """The nearest cue above a fragment in the parse."""
        tokens = self.tokens
        top = next((t for t in range(first, last + 1) if not first <= tokens.heads[t] <= last), first)
        for ancestor in [top, *tokens.ancestors(top)]:
            if first <= ancestor <= last:
                continue
            cue = self.by_token.get(ancestor)
            if cue is not None and cue.speaker is not None and not first <= cue.speaker.head <= last:
                return cue
        return None

    # --- drafts -----------------------------------------------------------------------------------------------------

    def _add(self, draft: Draft, numbers: list[int]) -> None:
        draft.stretches = list(numbers)
        draft.rules = [rule for rule in draft.rules if rule]
        for number in numbers:
            self.claimed[number] = draft
        self.discourse.add(draft)
