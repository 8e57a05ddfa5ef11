"""The aiohttp side: routes, handlers, the guard and the errors table."""
