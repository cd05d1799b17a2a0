"""The composition root. Commands open the tools and go again; servers and workers stay."""

from parlour.main.opening import looking, opened, upgraded

__all__ = ["looking", "opened", "upgraded"]
