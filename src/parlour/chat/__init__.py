"""Chatting: saying something, running the turn that answers, following it live."""
