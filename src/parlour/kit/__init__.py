"""Parts that know no word of the domain: clock, tokens, errors, db, bus, queue, http."""
