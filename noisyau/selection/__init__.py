"""What is trained on: which pictures stay out, which a variant draws, and with which labels."""
