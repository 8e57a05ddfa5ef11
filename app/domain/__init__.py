"""What the service does, one folder for each subject.

May import: ports, and the standard library.
"""
