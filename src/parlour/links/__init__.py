"""Links: doors to an agent, their rules, their rows, and making, changing and ending them."""
