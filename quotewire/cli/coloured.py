"""An enriched article for people in a terminal."""

from __future__ import annotations

import re

from rich.text import Text

from quotewire.cli.output import out
from schemas.records import EnrichedArticle, Quote, Speaker

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ENTITY_STYLES = {"PERSON": "bold cyan", "ORG": "bold magenta", "GPE": "bold green", "LOC": "green", "NORP": "yellow"}
_QUOTE_STYLES = {"direct": "on grey23", "mixed": "on grey19", "indirect": "italic"}


def print_coloured(article: EnrichedArticle, *, explain: bool = False) -> None:
    """Print the text with entities coloured and quotes set off, then each quote with its speaker."""
    words = Text(_printable(article.text))
    for quote in article.quotes:
        for span in quote.spans:
            words.stylize(_QUOTE_STYLES[quote.kind], span.start, span.end)
    for entity in article.entities:
        for mention in entity.mentions:
            words.stylize(_ENTITY_STYLES.get(entity.label, "bold"), mention.start, mention.end)
    out.print(words)
    out.print()
    for quote in article.quotes:
        _print_quote(quote, explain=explain, indent="")
        for inner in quote.nested:
            _print_quote(inner, explain=explain, indent="    ")


def _print_quote(quote: Quote, *, explain: bool, indent: str) -> None:
    out.print(Text(indent) + _heading(quote))
    out.print(Text(f"{indent}    " + " ".join(_printable(quote.text).split())))
    if explain:
        from consumers.enrich.quotes.rules import RULES  # brings spaCy, which takes seconds

        for rule in quote.rules:
            out.print(Text(f"{indent}    {rule}: {RULES.get(rule, '')}", style="dim"))


def _heading(quote: Quote) -> Text:
    speakers = [quote.speaker, *quote.other_speakers] if quote.speaker else []
    heading = Text("▌ ", style="cyan")
    heading.append(" and ".join(_who(speaker) for speaker in speakers) or "unknown speaker", style="bold")
    if quote.via:
        heading.append(f", via {quote.via}")
    details = [
        quote.kind,
        *([quote.act] if quote.act != "statement" else []),
        *([f"“{quote.cue.text}”"] if quote.cue else []),
    ]
    heading.append(f"  ({', '.join(details)}, {quote.confidence:.0%})", style="dim")
    return heading


def _who(speaker: Speaker) -> str:
    return speaker.name if speaker.name == speaker.text else f"{speaker.name} (“{speaker.text}”)"


def _printable(text: str) -> str:
    """The text without escape sequences for the terminal; replaced one for one, so that offsets stay."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)
