"""Folds that share nobody, metrics, intervals over subjects, and paired comparisons."""
