"""Confirming an e-mail address: who must, the codes that do it, and who was confirmed."""
