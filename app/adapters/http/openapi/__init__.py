"""The OpenAPI 3.1 document of the service, built from the route table.

It may import the errors, the guards and ``http.operation``.
"""
