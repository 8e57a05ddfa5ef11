"""What the domain needs from the outside: protocols whose docstrings are the contract, and the values that they use.

May import: the values of the domain.
"""
