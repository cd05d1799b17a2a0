"""Teams: people who look after agents together, and so see what is said with these."""
