"""`make release`: a tarball that was checked as Galaxy checks it, and signed; nothing is published."""
