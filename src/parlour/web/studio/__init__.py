"""The studio: where owners and their colleagues work, as pages that need no script."""
