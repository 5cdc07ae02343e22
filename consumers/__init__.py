"""Consumers: the stages after `raw`. They think and fetch nothing."""
