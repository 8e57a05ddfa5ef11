"""The issuer over HTTP. It imports the domain, the ports and aiohttp."""
