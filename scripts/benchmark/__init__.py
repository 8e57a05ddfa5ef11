"""The benchmark: the cost of the service compared with the limits of this machine."""
