"""What a request costs: prompt caching, rate limits, and the clock they are timed by.

Any module of `antiphon.local` may import from here. Nothing here knows HTTP or makes replies; it
reads request bodies, counts, and remembers what earlier requests left.
"""
