"""Fakes for every port of the domain's services, and the services on these fakes.

May import: the domain, the ports, the standard library.
"""
