"""Films for reels that have none: procedural loops, their posters, and the cache they are kept in.

`looks` says how a film looks, `motifs` paint it, `film` encodes it, `store` keeps it. Needs the extra `media`.
"""
