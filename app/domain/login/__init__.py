"""Users, their passwords, signing in, known devices, and the administration of users.

May import: the ports, ``sessions`` and the subjects that it may import.
"""
