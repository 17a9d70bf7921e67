"""The page that says what was found: one HTML file, no network, no script."""
