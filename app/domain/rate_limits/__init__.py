"""Rate limits: their arithmetic, the operator's policy, and the limiter of logins.

May import: the ports, the shared values.
"""
