"""The outer world, one package or module for each technology."""
