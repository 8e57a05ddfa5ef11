"""The guard: a core that knows no web framework, and one file per framework. It imports the domain and errors."""
