"""What a compressing server must do, as a table of cases, and who does it: `python -m compression_matrix`."""
