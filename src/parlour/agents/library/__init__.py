"""A library: the documents an agent answers from, read, indexed, searched and shown."""
