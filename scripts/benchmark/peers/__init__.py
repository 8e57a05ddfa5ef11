"""Small services to compare with, as a careful developer writes them in an afternoon: aiohttp, joserfc and a store.

Each does what a sign-in and a refresh must do and no more: no password, no replay, no reuse detection, no rate limit,
no audit trail and no log. Anyone can read them and judge whether the comparison is fair.
"""
