"""Canned replies: answers that the team has ready, each under a short word of its own."""
