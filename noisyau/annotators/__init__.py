"""Programs that code faces automatically."""
