"""Fakes for every port that the domain uses, and the domain's services on those fakes.

May import: the domain, the ports, the standard library.
"""
