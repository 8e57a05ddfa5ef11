"""The log, the audit trail and the metrics. Imports the domain, the ports, ``errors`` and ``request_context``."""
