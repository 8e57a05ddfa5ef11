"""What the domain asks of the world: one protocol a file, whose docstring is the contract."""
