"""The log, the audit trail and the metrics.

May import: the domain, the ports, ``errors``, ``request_context``, prometheus-client.
"""
