"""Budgets of tokens: reserved before an agent is asked, settled when it has answered."""
