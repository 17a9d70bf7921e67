"""Who the people are: biography texts to gender, nationality and region.

Nothing about a person is inferred from a face or from a name: only what the text states counts,
and every value carries the words that said so. What the text does not say is null.
"""

from noisyau.people.biographies import Biography, Lost, read_biographies
from noisyau.people.overrides import Override, read_overrides
from noisyau.people.table import Counts, write

__all__ = ["Biography", "Counts", "Lost", "Override", "read_biographies", "read_overrides", "write"]
