"""The benchmark: what the service costs, as ratios to what this machine can do at best."""
