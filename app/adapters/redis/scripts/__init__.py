"""Lua scripts. The server runs each of them as one atomic act."""
