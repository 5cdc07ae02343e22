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

_BYLINE = re.compile(
    rf"^\s*(?:(?:(?i:story|text|words|analysis|opinion|review|report|interview|exclusive) )?(?:[Bb]y|BY|Words):? "
    rf"(?:{_NAME})(?:[,|–—-].*|,? (?:in|for|and|with) .*)?|{_NAME} (?:in|reports from) {_NAME}|"
    rf"{_NAME}, (?:the )?[\w ,’'-]{{0,40}}\b(?i:{_JOB})\b[\w ,’'-]{{0,40}})\s*$"
)
_BYLINE_INSIDE = re.compile(
    rf"^\s*(?:(?i:story|text|words|report|reporting|interview|pictures?|photos?) )(?:by|BY) {_NAME}\s*[.:–—|-]"
)
_CREDIT_LINE = re.compile(
    r"^\s*[(\[]?(?:photo(?:graph|graphs|graphy|s)?|pictures?|pics?|images?|illustration|video|credit|credits|graphic|"
    r"file photo|(?:picture|image|photo) credit|composite|source)\b ?(?:by|credit|courtesy of)?\s*[:/|].{0,160}$|"
    r"^\s*[(\[]?(?:photo(?:graph)?|picture|image|illustration|video) (?:by|courtesy of|credit) .{0,120}$|"
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
    r"(?:our )?(?:other|previous|recent) (?:stories|coverage|articles)|elsewhere on)\b",
    re.IGNORECASE,
)
_LIST_ITEM = re.compile(r"^\s*(?:[-*•–—▪‣›»>]|\d{1,2}[.)])\s+|^\s*https?://")
_NOTE = re.compile(
    rf"^\s*[–—*_(\[]*\s*(?:(?i:about the (?:author|writer)s?\b)|"
    rf"(?i:(?:additional |further )?(?:reporting|editing|writing|research)(?: and \w+)? by\b)|"
    rf"{_NAME},? (?i:(?:also )?contributed (?:reporting|to this))|(?i:with (?:reporting|files) (?:by|from)\b)|"
    rf"(?i:follow|contact|email|e-mail) (?:{_NAME}|(?i:him|her|them|the author|us|me)\b)|"
    rf"{_NAME}(?:, .{{0,60}},)? (?:is|works as|writes|covers|reports|edits|hosts|teaches)\b"
    rf"(?=.{{0,200}}\b(?i:{_JOB}s? {_FOR}\b|{_JOB} whose|writes (?:about|on|for|a)|covers\b|reports (?:on|from|for)|"
    rf"edits\b|hosts\b|is the author of|author of [“\"‘A-Z]|freelance|staff {_JOB}|{_JOB}[.,]?\s*$|"
    rf"(?:his|her|their) (?:latest |new |next |most recent |first )?(?:book|novel|books)\b))|"
    rf"{_NAME} (?=(?:covers|writes about|writes for|reports on|reports for|edits|hosts)\b)|"
    r"(?i:sign up (?:for|to)\b|subscribe (?:to|now|for)\b|get (?:our|the) .{0,40}newsletter|"
    r"copyright\b|©|all rights reserved|this (?:article|story|piece|post) (?:was|is|has been|first|originally)\b|"
    r"(?:originally |first )?published (?:by|in|on)\b|click here\b|listen to\b.{0,60}podcast|advertisement\b))"
)
_LONGEST_NOTE = 420
_LONGEST_HEADLINE = 140


class Boilerplate:
    """Where a text is not the article's own: asked by offsets."""

    def __init__(self, text: str, headline_end: int = 0) -> None:
        spans = sorted(_spans(text, headline_end))
        self._starts = [start for start, _ in spans]
        self._spans = spans

    def holds(self, start: int, end: int) -> bool:
        """Whether text[start:end] lies in boilerplate."""
        place = bisect_right(self._starts, start)
        return any(s <= start and end <= e for s, e in self._spans[max(0, place - 3) : place])


def _spans(text: str, headline_end: int) -> Iterator[tuple[int, int]]:
    lines = [(start, line) for start, line in _lines(text, headline_end) if line.strip()]
    in_list = False
    for number, (start, line) in enumerate(lines):
        end = start + len(line)
        heading = _LIST_HEAD.match(line)
        if heading:
            # “More on this story” heads a list; “Read more: …” is one; a sentence that begins so is neither.
            short = len(line) <= _LONGEST_HEADLINE and not re.search(r"[.!?]\s+\w", line)
            in_list = short and (line.rstrip().endswith((":", "…")) or len(line.split()) <= 5)
            if short and (in_list or ":" in line[heading.end() - 1 : heading.end() + 25]):
                yield start, end
                continue
        elif in_list:
            if _is_item(line):
                yield start, end
                continue
            in_list = False
        if _is_note(line, number, len(lines)):
            yield start, end
            continue
        begun = _BYLINE_INSIDE.match(line)
        if begun:
            yield start + begun.start(), start + begun.end()
        for credit in _CREDIT_INSIDE.finditer(line):
            yield start + credit.start(), start + credit.end()


def _lines(text: str, start: int) -> Iterator[tuple[int, str]]:
    for line in text[start:].split("\n"):
        yield start, line
        start += len(line) + 1


def _is_item(line: str) -> bool:
    """Whether a line under such a heading is the headline of another article: short, and no sentence with its stop."""
    if _LIST_ITEM.match(line):
        return True
    return len(line) <= _LONGEST_HEADLINE and not line.rstrip().endswith((".", "!", "”", '"'))


def _is_note(line: str, number: int, count: int) -> bool:
    if len(line) > _LONGEST_NOTE:
        return False
    if len(line) <= 120 and (_CREDIT_LINE.match(line) or _BYLINE.match(line)):
        return True
    found = _NOTE.match(line)
    if not found:
        return False
    # Who somebody is may well be what an article begins with: notes on authors stand at its end, or first of all.
    return number >= count - 4 or number <= 1
