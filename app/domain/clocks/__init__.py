"""Whether the clock of this machine may be believed: how it is judged, and what happens while it may not.

May import: the ports, the shared values.
"""
