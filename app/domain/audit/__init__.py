"""Audit events, and the audit records in which they are stored.

May import: the shared values, the ports.
"""
