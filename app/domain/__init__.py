"""What the service does, one folder for each subject.

May import: the ports, the standard library.
"""
