"""The doors over HTTP: what visitors, the studio and programs see of the rooms."""
