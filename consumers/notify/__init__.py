"""Telling of alerts: which sink wants which (`routing`), when (`times`, `planning`), and doing it (`courier`).

`stage` puts notices into the outbox; the courier takes them from there to the sinks.
"""
