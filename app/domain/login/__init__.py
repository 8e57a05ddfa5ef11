"""Users, their passwords, signing in, known devices, and the administration of users.

May import: ports, ``sessions`` and the subjects that ``sessions`` may import.
"""
