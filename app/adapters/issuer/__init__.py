"""The issuer over HTTP, by aiohttp's client."""
