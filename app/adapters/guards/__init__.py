"""The guard: a core without a web framework, and the files of each framework, such as ``aiohttp*.py``.

May import: the domain, ``errors``.
"""
