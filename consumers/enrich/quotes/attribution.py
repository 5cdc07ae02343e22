"""Which cue a stretch between quote marks belongs to, by what stands next to it."""

from __future__ import annotations

from consumers.enrich.lexicon import words
from consumers.enrich.quotes.article import Article, Draft
from consumers.enrich.quotes.cue import Cue
from consumers.enrich.quotes.grammar import is_verb, plain_phrase
from consumers.enrich.quotes.manner import cue_by_place

_SPEECH = frozenset(["quote", "clause", "manner", "thought", "naming", "topic", "words"])
_ENDS = frozenset([".", "?", "!"])
_MARKS = frozenset("“”\"„«»‹›‘’'") | {"''", "``"}
_SPACES = frozenset([" ", "  ", "\u00a0", " \u00a0"])
_SHOWING = frozenset(["show", "find"])
"""Verbs that report nothing of what somebody must do: they must show “patience”."""
NEAR = 7
"""Within so many tokens of its cue a word or two between marks are a quotation; farther off, distance kept."""
LONGEST_GAP = 45
"""Tokens that may stand between a stretch and its cue."""


def final_mark(article: Article, number: int) -> str:
    """The punctuation that ends a stretch, inside its closing mark or right after it; "" where there is none."""
    text, stretch = article.tokens.text, article.stretches[number]
    last = text[stretch.end - 1]
    if not last.isalnum() and last not in ")]%’'":
        return last
    after = text[stretch.outer_end : stretch.outer_end + 1]
    return after if after and after in ",.;:?!—–" else ""


def starts_sentence(article: Article, number: int) -> bool:
    """Whether a stretch starts like a sentence: with a capital, and after the end of another or nothing."""
    tokens, stretch = article.tokens, article.stretches[number]
    if not _capital(tokens.text[stretch.start : stretch.end]):
        return False
    before = tokens.text[
        tokens.paragraphs[tokens.paragraph[article.ranges[number][0]]][0] : stretch.outer_start
    ].rstrip()
    return not before or before[-1] in ".?!:…—–”\"’'*•)" or before.endswith(("''", ","))


def _capital(text: str) -> bool:
    for character in text:
        if character.isalpha():
            return character.isupper()
        if character.isdigit():
            return True
    return False


def before_gap(article: Article, number: int) -> tuple[int, int]:
    """The tokens between the sentence's start, or the stretch before, and a stretch (first, last; without its mark)."""
    tokens = article.tokens
    last = article.ranges[number][0] - 1
    while last >= 0 and (tokens.words[last] in _MARKS or tokens.words[last] in _SPACES):
        last -= 1
    paragraph = tokens.paragraph[article.ranges[number][0]]
    first = last
    while first >= 0 and tokens.paragraph[first] == paragraph and article.stretch_of[first] < 0:
        if tokens.words[first] in _ENDS and first < last:
            break
        first -= 1
    first += 1
    while first <= last and (tokens.words[first] in _MARKS or tokens.is_space(first)):
        first += 1
    return first, last


def after_gap(article: Article, number: int) -> tuple[int, int]:
    """The tokens between a stretch and the sentence's end or the next stretch (first, last)."""
    tokens = article.tokens
    first = article.ranges[number][1] + 1
    while first < len(tokens) and tokens.words[first] in _MARKS:
        first += 1
    paragraph = tokens.paragraph[article.ranges[number][1]]
    last = first
    while last < len(tokens) and tokens.paragraph[last] == paragraph and article.stretch_of[last] < 0:
        if tokens.words[last] in _ENDS:
            break
        last += 1
    return first, last - 1


def cue_after(article: Article, number: int) -> tuple[Cue, str] | None:
    """The cue of “…,” she said: a verb of speech, else what stands in the place of one."""
    found = _cue_after(article, number)
    if found is not None and (found[0].speaker is not None or not starts_sentence(article, number)):
        return found
    first, last = after_gap(article, number)
    if first > last or not article.stretches[number].closed or not starts_sentence(article, number):
        return found
    return cue_by_place(article, first, last, final_mark(article, number)) or found


def _cue_after(article: Article, number: int) -> tuple[Cue, str] | None:
    """The verb of speech that governs what follows a stretch in its sentence."""
    tokens = article.tokens
    mark = final_mark(article, number)
    first, last = after_gap(article, number)
    if not article.stretches[number].closed:
        return None
    if first > last:
        return _dash_below(article, number)
    cues = [c for c in article.cues_between(first, min(last, first + LONGEST_GAP)) if c.kind in ("verb", "according")]
    if not cues:
        return None
    if mark in (".", ":", ";") and not tokens.words[first][0].islower():
        return None
    if mark == "." and tokens.words[first][0].islower() and cues[0].first - first > 6:
        return None
    first_word = first + (tokens.words[first] in (",", "—", "–", "-"))
    for cue in cues:
        if cue.kind == "according":
            if cue.first <= first_word + 1:
                return cue, "according-after"
            continue
        if "inverted" in cue.frames:
            if (
                cue.first == first_word
                and tokens.lower[cue.token] == "came"
                and tokens.tags[cue.last + 1] in ("DT", "NN", "NNS")
            ):
                return cue, "cue-after-inverted"
            continue
        if "hearing" in cue.frames and is_hearing(article, cue) and mark == ",":
            return cue, "hearing"
        if not cue.frames & {"quote", "manner", "clause"}:
            continue
        if tokens.tags[cue.token] == "VBN" and tokens.deps[cue.token] == "acl":
            continue
        if tokens.tags[cue.token] == "VBG" and _has_clause_after(article, cue):
            continue
        if cue.frames <= {"clause", "thought", "topic", "document"} and mark != ",":
            continue
        speaker = cue.speaker
        if cue.first > first_word and (
            speaker is None or cue.rule == "neighbour" or not first_word <= speaker.head < cue.first
        ):
            between = plain_phrase(tokens, first_word, cue.first - 1)
            if between is not None and not (speaker is not None and speaker.first > cue.last):
                cue.speaker = speaker = between
                cue.rule = "phrase-between"
        if speaker is None:
            if cue.first == first_word:
                return cue, "cue-after-without-speaker"
            continue
        inverted = cue.frames & {"quote", "manner"} or speaker.first > cue.last
        if (inverted and cue.first == first_word) or (cue.first == first_word + 1 and tokens.tags[first_word] == "RB"):
            return cue, "cue-after-inverted"
        if speaker.first < first_word:
            continue
        if cue.rule == "relative-clause":
            continue
        if speaker.first <= first_word + 1 or mark in (",", "—", "–", "-"):
            if mark in ("?", "!", "…", "") and cue.first - first_word > 14:
                continue
            if mark == "" and speaker.first > first_word:
                continue
            if tokens.tags[cue.token] == "VBG" and cue.rule != "subject":
                continue
            return cue, "cue-after"
    return None


def _has_clause_after(article: Article, cue: Cue) -> bool:
    """Whether a cue has what it reports after it: …, arguing that it was over."""
    tokens = article.tokens
    return any(child > cue.token and tokens.deps[child] == "ccomp" for child in tokens.children[cue.token])


def is_hearing(article: Article, cue: Cue) -> bool:
    """Whether those who “heard” are a court or a committee, so that what they heard was said before them."""
    return cue.speaker is not None and article.tokens.lower[cue.speaker.head] in words("hearings")


def _dash_below(article: Article, number: int) -> tuple[Cue, str] | None:
    """The name after a dash in the paragraph below a stretch that ends its own."""
    tokens = article.tokens
    paragraph = tokens.paragraph[article.ranges[number][1]]
    if paragraph + 1 < len(tokens.paragraphs):
        start, end = tokens.paragraphs[paragraph + 1]
        for cue in article.cues_between(tokens.at(start), tokens.at(end - 1)):
            if cue.kind == "dash":
                return cue, "name-after-dash"
    return None


def cue_before(article: Article, number: int) -> tuple[Cue, str] | None:
    """The cue of She said: “…”, She said “…” and She said that “…”."""
    tokens = article.tokens
    first, last = before_gap(article, number)
    if first > last:
        return colon_above(article, tokens.paragraph[article.ranges[number][0]])
    cues = [
        c
        for c in article.cues_between(first, last)
        if c.kind != "according" or c.first == first or c.rule == "in-words-of"
    ]
    mark = tokens.words[last]
    if mark in (":", "):"):
        named = [c for c in cues if c.kind == "colon"]
        if named:
            return named[-1], "name-and-colon"
        best = _governing(article, [c for c in cues if c.frames & _SPEECH and c.kind in ("verb", "noun")])
        return (best, "cue-and-colon") if best else None
    tail = last
    while tail >= first and (
        tokens.words[tail] in (",", "—", "–", "-", "that", "...", "…")
        or tokens.lower[tail] in ("only", "simply", "just")
    ):
        tail -= 1
    commaed = mark in (",", "—", "–")
    verbs = [c for c in cues if c.kind == "verb"]
    naming = _naming(article, verbs, tail)
    if naming is not None:
        return naming, "cue-right-before"
    for cue in reversed(verbs):
        if cue.last == tail and cue.frames & _SPEECH and not (cue.lemma in _SHOWING and tokens.tags[cue.token] == "VB"):
            return cue, "cue-right-before"
    for cue in cues:
        if cue.rule == "in-words-of" and cue.speaker is not None and max(cue.last, cue.speaker.last) == tail:
            return cue, "according-before"
    for cue in cues if commaed else ():
        opens = cue.kind == "according" and cue.first == first and cue.speaker is not None
        if opens and not any(is_verb(tokens, t) for t in range(cue.last + 1, tail + 1)):
            return cue, "according-before"
    if commaed and starts_sentence(article, number):
        best = _governing(article, [c for c in verbs if c.frames & {"quote", "manner", "clause"}])
        if best:
            return best, "cue-before-comma"
        according = [c for c in cues if c.kind == "according"]
        if according:
            return according[-1], "according-before"
    return None


def _naming(article: Article, verbs: list[Cue], tail: int) -> Cue | None:
    """The cue of She described it, without a smile, as “…”: a verb of naming whose “as” stands right before a mark."""
    tokens = article.tokens
    if tokens.lower[tail] != "as":
        return None
    for cue in reversed(verbs):
        if "naming" in cue.frames and cue.speaker is not None and tokens.heads[tail] == cue.token:
            return cue
    return None


def _governing(article: Article, cues: list[Cue]) -> Cue | None:
    """Of the cues before a mark, the last one that takes words in marks and has a speaker."""
    tokens = article.tokens
    verbs = [
        c for c in cues if c.kind == "verb" and c.frames & {"quote", "clause", "manner"} and c.rule != "relative-clause"
    ]
    near = [c for c in verbs if not any(tokens.deps[t] == "relcl" for t in [c.token])]
    pool = near or verbs or cues
    with_speaker = [c for c in pool if c.speaker is not None]
    return (with_speaker or pool)[-1] if pool else None


def colon_above(article: Article, paragraph: int) -> tuple[Cue, str] | None:
    """The cue at the end of the paragraph before one, where that ends with a colon."""
    tokens = article.tokens
    if paragraph == 0:
        return None
    start, end = tokens.paragraphs[paragraph - 1]
    before = tokens.text[start:end].rstrip()
    if not before.endswith(":"):
        return None
    last = tokens.at(start + len(before) - 1)
    first = last
    while first >= 0 and tokens.paragraph[first] == paragraph - 1 and article.stretch_of[first] < 0:
        if tokens.words[first] in _ENDS:
            break
        first -= 1
    cues = [
        c for c in article.cues_between(first + 1, last) if c.kind in ("verb", "noun", "colon") and c.frames & _SPEECH
    ]
    best = _governing(article, cues)
    return (best, "colon-before-paragraph") if best else None


def is_own_words(article: Article, number: int) -> bool:
    """Whether a stretch reads like what somebody says: it has a verb, or a pronoun of the first or second person."""
    tokens = article.tokens
    first, last = article.ranges[number]
    span = range(first, last + 1)
    if any(tokens.lower[t] in ("i", "we", "you", "my", "our", "your", "us", "me") for t in span):
        return True
    return any(tokens.tags[t] in ("VBD", "VBZ", "VBP", "MD") for t in span)


def heads_line(article: Article, number: int) -> bool:
    """Whether somebody's words open the headline before a colon: ‘I thought I was going to die’: Mum tells of blast."""
    opens = article.stretches[number].outer_start == 0
    return opens and final_mark(article, number) == ":" and is_own_words(article, number)


def goes_on_with_list(article: Article, number: int) -> bool:
    """Whether a stretch is listed with the one before it: such as “expects” and “believes”."""
    stretches = article.stretches
    gap = article.tokens.text[stretches[number - 1].outer_end : stretches[number].outer_start]
    return gap.strip(" ,") in ("", "and", "or") and final_mark(article, number - 1) not in tuple(".?!")


def is_near(article: Article, cue: Cue, number: int) -> bool:
    """Whether a cue stands within a few words of a stretch."""
    first, last = article.ranges[number]
    return -NEAR <= cue.first - last <= NEAR or 0 <= first - cue.last <= NEAR


def runs_on(article: Article, draft: Draft, number: int) -> bool:
    """Whether a stretch ends the sentence that a quote before it broke off with a comma, for its cue and more words:
    “At my age,” he told an interviewer in March, “you don’t buy green bananas.”
    """
    if draft.cue is None or draft.kind != "direct" or draft.stretches[-1] != number - 1:
        return False
    first, last = article.ranges[number - 1][1] + 1, article.ranges[number][0] - 1
    between = [word for word in article.tokens.words[first : last + 1] if word.strip() and word not in _MARKS]
    continues = article.tokens.text[article.stretches[number].start].islower() and between[-1:] == [","]
    broken_off = final_mark(article, number - 1) == "," and not set(between) & (_ENDS | {":", ";"})
    return first <= draft.cue.token <= last and continues and broken_off
