"""Where signing keys come from: made at start, the environment, a directory of PEM files."""
