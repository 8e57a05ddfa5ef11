"""Errors as answers: the table of errors and their two formats. It imports the domain and ``request_context``."""
