"""Enrichment: raw articles to text, entities and attributed quotes. CPU only, no input or output of its own."""
