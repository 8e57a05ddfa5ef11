"""Reading requests: bodies, query, cookies, and who sends them. It may import the domain and the guards."""
