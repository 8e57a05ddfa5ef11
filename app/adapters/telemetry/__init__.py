"""What the operator sees: the log, the audit trail and the metrics."""
