"""What of an article's text is not the article: bylines, picture credits, author notes, lists of other articles.

A name that stands there is no mention. Whole lines are judged, for texts have a line a paragraph; only credits are also
looked for inside of one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

_NAME = r"[^\W\d_a-z][\w’'.-]*(?: (?:[^\W\d_a-z][\w’'.-]*|de|van|von|der|al|bin|la|le|da|di|and)){0,5}"
_JOB = (
    r"(?:reporter|correspondent|editor|columnist|writer|journalist|critic|blogger|contributor|author|novelist|fellow|"
    r"lecturer|professor|historian|broadcaster|presenter|photographer|producer|commentator|newsletter|podcast)"
)
_FOR = r"(?:at|for|of|with|in|based in|on)"
_DAY = r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)"
_MONTH = r"(?:(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)[a-z]*\.?|May)"

_BYLINE = re.compile(
    rf"^\s*(?:(?:(?i:story|text|words|analysis|opinion|review|report|interview|exclusive) )?(?:[Bb]y|BY|Words):? "
    rf"(?:{_NAME})(?: ?[,|•·–—-].*|,? (?:in|for|and|with) .*)?|{_NAME} (?:in|reports from) {_NAME}|"
    rf"{_NAME}, (?:the )?[\w ,’'-]{{0,40}}\b(?i:{_JOB})\b[\w ,’'-]{{0,40}})\s*$"
)
_CAPITAL = r"[^\W\d_a-z][\w’'.&-]*"
_PERSON = (
    rf"[^\W\d_a-z][\w’'-]+(?: [^\W\d_a-z]\.)?(?: (?:de|van|von|der|al|bin|la|le|da|di)){{0,2}} [^\W\d_a-z][\w’'-]+"
    rf"(?: in {_CAPITAL}(?: {_CAPITAL})?)?"
)
_OUTLET = rf"{_CAPITAL}(?: {_CAPITAL}){{0,3}}"
_WHEN = (
    rf"(?i:(?:(?:last )?updated|published|posted):? )?(?:{_DAY},? )?"
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}|{_MONTH} \d{{1,2}})(?:,? \d{{4}})?"
    r"(?:,? (?:at )?\d{1,2}[:.]\d{2}(?: ?[aApP]\.?[mM]\.?)?(?: [A-Z]{2,4})?)?|"
    r"\d{1,3} ?(?i:h|hrs?|hours?|m|mins?|minutes?|d|days?)(?: (?:ago|read))?"
)
_WORK = rf"(?:[\w’&-]+ ){{0,4}}(?i:{_JOB})s?(?: (?:at|for|of|in) (?:the )?{_OUTLET})?"
_LOOSE_BYLINE = re.compile(
    rf"^\s*(?:{_OUTLET} ?[|•·–—/] ?)?{_PERSON}"
    rf"(?:(?: ?[,|•·–—/] ?| and | & )(?:{_PERSON}|{_WORK}|{_WHEN}|{_OUTLET}|@\w+)| (?:{_WORK}|{_WHEN}|@\w+)){{0,5}}\s*$"
)
"""A line of names, jobs, outlets, dates and handles alone: a byline where an article begins."""
_BYLINE_INSIDE = re.compile(
    rf"^\s*(?:(?i:story|text|words|report|reporting|interview|pictures?|photos?) )(?:by|BY) {_NAME}\s*[.:–—|-]"
)
_CREDIT_LINE = re.compile(
    r"^\s*[(\[]?(?:photo(?:graph|graphs|graphy|s)?|pictures?|pics?|images?|illustration|video|credit|credits|graphic|"
    r"file photo|(?:picture|image|photo) credit|composite|source)\b ?(?:by|credit|courtesy of)?\s*[:/|].{0,160}$|"
    r"^\s*[(\[]?(?:photo(?:graph)?|picture|image|illustration|video) (?:by|courtesy of|credit) .{0,120}$|"
    r"^\s*(?:photo|picture|image|video) (?:source|credit|copyright)\s*,.{0,120}$|"
    r"^.{0,90}(?:/| via |\| ?)\s*(?:getty(?: images)?|reuters|ap|afp|epa|shutterstock|alamy|pa(?: wire| media)?)\b"
    r".{0,60}$",
    re.IGNORECASE,
)
_CREDIT_INSIDE = re.compile(
    r"[(\[](?:[^()\[\]]{0,60}(?:photo|picture|image|credit|getty|reuters|afp|shutterstock)\b[^()\[\]]{0,80}|"
    r"[^()\[\]]{0,60}/(?:ap|pa|epa|afp|getty images|reuters)[^()\[\]]{0,20})[)\]]|"
    r"\b(?:photo(?:graph)?|picture|image)s?(?: credit)?: ?[^.\n]{2,80}(?:\.|$)",
    re.IGNORECASE | re.MULTILINE,
)
_LIST_HEAD = re.compile(
    r"^\s*(?:read (?:more|next|also|on)|more (?:on|from|stories|news|to read|coverage|reading)|related\b|see also|"
    r"also read|recommended|most (?:read|popular|viewed)|trending|you (?:may|might) also|don[’']t miss|"
    r"editor[’']?s[’']? picks|"
    r"further reading|in other news|top stories|latest (?:news|stories|headlines)|what to read next|keep reading|"
    r"(?:our )?(?:other|previous|recent) (?:stories|coverage|articles)|elsewhere on|more like this|also in|"
    r"(?:read|watch|listen|see|video|gallery)(?=\s*[:|])|(?:tags?|topics|filed under)(?=\s*(?:[:|]|$)))\b",
    re.IGNORECASE,
)
_MARK = re.compile(r"[:|(\[]")
"""What every credit within a line and every pointer to another article has."""
_LIST_TAIL = re.compile(
    r"(?<=[.!?”\"]) +(?:read more|read also|also read|see also|more on this|related)(?: \w+)? ?[:|] ?.{1,140}$",
    re.IGNORECASE,
)
_REPORT = re.compile(rf"\bsaid on {_DAY}\b")
"""In a line that begins like a list of other articles: a sentence of this one."""
_LIST_ITEM = re.compile(r"^\s*(?:[-*•–—▪‣›»>]|\d{1,2}[.)])\s+|^\s*https?://")
_NOTE = re.compile(
    rf"^\s*[–—*_(\[]*\s*(?:(?i:about the (?:author|writer)s?\b)|"
    rf"(?i:(?:additional |further )?(?:reporting|editing|writing|research)(?: and \w+)? by\b)|"
    rf"{_NAME},? (?i:(?:also )?contributed (?:reporting|to this))|(?i:with (?:reporting|files) (?:by|from)\b)|"
    rf"(?i:follow|contact|email|e-mail) (?:{_NAME}|(?i:him|her|them|the author|us|me)\b)|"
    rf"(?P<who>{_NAME})(?:, .{{0,60}},)? (?:is|works as|writes|covers|reports|edits|hosts|teaches)\b"
    rf"(?=.{{0,200}}\b(?i:{_JOB}s? {_FOR}\b|{_JOB} whose|writes (?:about|on|for|a)|covers\b|reports (?:on|from|for)|"
    rf"edits\b|hosts\b|is the author of|author of [“\"‘A-Z]|freelance|staff {_JOB}|{_JOB}[.,]?\s*$|"
    rf"(?:his|her|their) (?:latest |new |next |most recent |first )?(?:book|novel|books)\b))|"
    rf"(?P<whom>{_NAME}) (?=(?:covers|writes about|writes for|reports on|reports for|edits|hosts)\b)|"
    r"(?i:sign up (?:for|to)\b|subscribe (?:to|now|for)\b|get (?:our|the) .{0,40}newsletter|"
    r"copyright\b|©|all rights reserved|this (?:article|story|piece|post) (?:was|is|has been|first|originally)\b|"
    r"(?:originally |first )?published (?:by|in|on)\b|click here\b|listen to\b.{0,60}podcast|advertisement\b))"
)
_NEWS = re.compile(rf"\b(?:(?:on|since|until) {_DAY}|(?:and|but|who|which) (?:was|were|has been|had been|died))\b")
"""What notes on authors do not say: when something happened, and what became of somebody."""
_LONGEST_NOTE = 420
_LONGEST_BYLINE = 120
_LAST_BYLINE = 2
_LONGEST_HEADLINE = 140


class Boilerplate:
    """Where a text is not the article's own: asked by offsets."""

    def __init__(self, text: str, headline_end: int = 0) -> None:
        found, notes = _found(text, headline_end)
        self._set(found)
        # Whom a note is on may be whom the article is on: then the note belongs to it.
        found += [
            (start, end) for start, end, who in notes if not who or not self._is_written_of(who, text, (start, end))
        ]
        self._set(found)

    def _set(self, spans: list[tuple[int, int]]) -> None:
        self._spans = sorted(spans)
        self._starts = [start for start, _ in self._spans]

    def _is_written_of(self, who: str, text: str, note: tuple[int, int]) -> bool:
        """Whether an article is about somebody of this name, and not only by them, apart from a note."""
        return any(
            not note[0] <= match.start() < note[1] and not self.holds(*match.span())
            for match in re.finditer(rf"(?<!\w){re.escape(who)}(?!\w)", text)
        )

    def holds(self, start: int, end: int) -> bool:
        """Whether text[start:end] lies in boilerplate."""
        place = bisect_right(self._starts, start)
        return any(s <= start and end <= e for s, e in self._spans[max(0, place - 3) : place])


def _found(text: str, headline_end: int) -> tuple[list[tuple[int, int]], list[tuple[int, int, str]]]:
    """What is boilerplate, and the notes on authors, which may be, with whom each is on."""
    lines = [(start, line) for start, line in _lines(text, headline_end) if line.strip()]
    in_list = False
    found: list[tuple[int, int]] = []
    notes: list[tuple[int, int, str]] = []
    for number, (start, line) in enumerate(lines):
        end = start + len(line)
        heading = _LIST_HEAD.match(line)
        if heading:
            # “More on this story” heads a list; “Read more: …” is one; a sentence that begins so is neither.
            short = len(line) <= _LONGEST_HEADLINE and not re.search(r"[.!?]\s+\w", line) and not _REPORT.search(line)
            in_list = short and (line.rstrip().endswith((":", "…")) or len(line.split()) <= 5)
            if short and (in_list or re.search("[:|]", line[heading.end() - 1 : heading.end() + 25])):
                found.append((start, end))
                continue
        elif in_list:
            if _is_item(line):
                found.append((start, end))
                continue
            in_list = False
        if _is_byline(line, number, has_headline=headline_end > 0):
            found.append((start, end))
            continue
        note = _note(line, number, len(lines))
        if note is not None:
            notes.append((start, end, note))
            continue
        found += ((start + part.start(), start + part.end()) for part in _parts(line))
    return found, notes


def _lines(text: str, start: int) -> Iterator[tuple[int, str]]:
    for line in text[start:].split("\n"):
        yield start, line
        start += len(line) + 1


def _is_item(line: str) -> bool:
    """Whether a line under such a heading is the headline of another article: short, and no sentence with its stop."""
    if _LIST_ITEM.match(line):
        return True
    return len(line) <= _LONGEST_HEADLINE and not line.rstrip().endswith((".", "!", "”", '"'))


def _is_byline(line: str, number: int, *, has_headline: bool) -> bool:
    if len(line) > _LONGEST_BYLINE:
        return False
    if _CREDIT_LINE.match(line) or _BYLINE.match(line):
        return True
    first = 0 if has_headline else 1
    return first <= number <= _LAST_BYLINE and _LOOSE_BYLINE.match(line) is not None


def _note(line: str, number: int, count: int) -> str | None:
    """The name of the one whom a note is on, "" where it is on no one; None where the line is no note."""
    if len(line) > _LONGEST_NOTE:
        return None
    # Who somebody is may well be what an article begins with: notes on authors stand at its end, or first of all.
    note = _NOTE.match(line) if number >= count - 4 or number <= 1 else None
    if note is None:
        return None
    who = note.group("who") or note.group("whom") or ""
    return None if who and _NEWS.search(line) else who


def _parts(line: str) -> Iterator[re.Match[str]]:
    """The bylines, credits and pointers to other articles within a line of the article."""
    if part := _BYLINE_INSIDE.match(line):
        yield part
    # Most lines have none of the marks that the others cannot do without, and to search them is slow.
    if _MARK.search(line):
        if part := _LIST_TAIL.search(line):
            yield part
        yield from _CREDIT_INSIDE.finditer(line)
