"""The OpenAPI 3.1 document of the service, built from the route table.

May import: ``errors``, ``http.operation``, ``http.responses``, ``http.requests.body``, ``http.requests.fields``.
"""
