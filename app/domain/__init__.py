"""What the service does: one folder for each subject, with its values, rules and acts."""
