"""The schema's history, one file a step, named by their order; imports nothing of the program."""
