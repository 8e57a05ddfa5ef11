"""The route table: what is served, and what the OpenAPI document says of it."""
