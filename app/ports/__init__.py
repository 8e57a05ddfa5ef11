"""What the domain needs from the outside: protocols, whose docstrings are the contract, and their own values.

May import: the values of the domain.
"""
