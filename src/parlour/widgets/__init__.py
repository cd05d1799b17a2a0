"""Widgets: how an agent looks to whoever comes by a widget's links, and changing that."""
