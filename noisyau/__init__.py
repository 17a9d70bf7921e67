"""Action units from noisy labels: see README.md."""
