"""The adapters of the ports, one package or module for each technology."""
