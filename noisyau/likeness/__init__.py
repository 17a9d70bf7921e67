"""Pictures that look the same: hashes of the stored faces, the search, the groups.

hashes.hash_faces(store, out, ...)            # data/hashes/<corpus>.parquet
labels = search.components(fine, ...)         # which of them look the same
groups.duplicates(hash_tables, ...)           # data/duplicates.parquet
"""
