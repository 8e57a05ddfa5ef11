"""rate_limits."""
