"""The composition of the service: settings, container, application, background tasks, workers.

Imports everything else of the package except the command line.
"""
