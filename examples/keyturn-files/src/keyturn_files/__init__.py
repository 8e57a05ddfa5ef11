"""Keep the sessions of Keyturn in a directory of JSON files."""
