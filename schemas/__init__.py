"""What travels through Quotewire: records, the topics they travel on, and their encoding.

This package imports nothing else of the project, so that anyone who reads a topic can use it alone.
"""
