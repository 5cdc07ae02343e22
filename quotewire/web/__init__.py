"""The analyst's page and its JSON twin: what was said, by whom, and where; read from the index, written nowhere."""

from quotewire.web.app import create_app

__all__ = ["create_app"]
