"""The composition of the service: settings, container, application, background tasks, workers.

May import: everything except the command line.
"""
