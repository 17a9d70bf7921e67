"""Speed as ratios in one run on one machine: `python -m bench [NAME...]`, or `make bench`."""
