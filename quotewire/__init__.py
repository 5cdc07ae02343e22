"""Quotewire: who is in the news, and who said what about whom."""
