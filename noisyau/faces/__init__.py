"""Pictures to faces: decoding, detection, alignment, and the face store."""
