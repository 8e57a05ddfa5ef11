"""Fakes for every port that the domain uses, and the domain's services on those fakes.

It may import the domain, the ports and the standard library.
"""
