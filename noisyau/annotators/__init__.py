"""Programs that code faces automatically: `known` opens one by its name."""
