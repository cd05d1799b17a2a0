"""Notes: what visitors leave for the team at a door that is shut, read and seen to by the staff."""
