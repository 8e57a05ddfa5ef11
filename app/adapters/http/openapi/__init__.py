"""The OpenAPI 3.1 document of the service, written from its route table."""
