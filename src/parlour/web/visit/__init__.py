"""The visitor's door as pages: the chat, the forms that work without scripts, cited sources."""
