"""Measurements of antiphon beside the official package and a floor; `scripts/bench` runs them."""
