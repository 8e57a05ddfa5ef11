"""The URLs of stores, parsed once. No driver and no library parses them again.

May import: the standard library.
"""
