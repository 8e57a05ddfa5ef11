"""Lua scripts. The server runs each script atomically."""
