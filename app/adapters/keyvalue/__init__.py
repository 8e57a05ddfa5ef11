"""Sessions in any store of keys and values that has a compare-and-swap. An adapter adds its client."""
