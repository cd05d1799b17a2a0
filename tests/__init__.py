"""Everything that proves what the program promises."""
