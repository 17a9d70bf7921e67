"""Who the people are: biography texts to gender, nationality and region.

Nothing about a person is inferred from a face or from a name: only what the text states counts,
and every value carries the words that said so. What the text does not say is null.
"""

from noisyau.people.biographies import Biography, Lost, read_biographies
from noisyau.people.table import people

__all__ = ["Biography", "Lost", "people", "read_biographies"]
