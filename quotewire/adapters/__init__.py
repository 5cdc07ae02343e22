"""What stands behind the ports: memory and SQLite. Only `quotewire.wiring` chooses among them."""
