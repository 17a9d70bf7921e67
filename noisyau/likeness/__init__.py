"""Pictures that look the same: hashes of the stored faces, the search, the groups.

hashes.hash_faces(store, out, ...)            # data/hashes/<corpus>.parquet
search.components(words, person, ...)         # which of them look like another person's
groups.duplicates(hash_tables, ...)           # data/duplicates.parquet
people.shared(rows), people.overlap(rows)     # what it says about people
"""
