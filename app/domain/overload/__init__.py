"""Overload: requests that wait for their turn, and the refusal of those that would wait too long.

May import: the ports, the shared values.
"""
