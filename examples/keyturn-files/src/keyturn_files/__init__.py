"""Sessions of Keyturn in a directory of JSON files."""
