"""The kinds of backend an agent can have; each is one file and one line in KINDS."""
