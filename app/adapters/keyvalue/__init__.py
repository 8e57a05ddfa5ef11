"""Sessions in any store of keys and values that has a compare-and-swap. A package of another adds its client.

May import: domain, ports, records and the other shared modules of app/adapters.
"""
