"""What the domain needs from the outside: protocols, and the values that only they use. Their docstrings are the
contract.

May import: the values of the domain.
"""
