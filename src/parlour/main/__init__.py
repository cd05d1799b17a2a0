"""The composition root. Commands open the tools and go again; servers and workers stay."""

from parlour.main.opening import opened

__all__ = ["opened"]
