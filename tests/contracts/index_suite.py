"""What every index must do, whoever provides it. Subclass `IndexSuite` and give it a fixture `index`."""

from __future__ import annotations

from tests.contracts.index_facets import FacetsContract
from tests.contracts.index_health import HealthContract
from tests.contracts.index_storing import StoringContract
from tests.contracts.index_words import WordsContract


class IndexSuite(StoringContract, WordsContract, FacetsContract, HealthContract):
    """The contract of `quotewire.ports.Index`."""
