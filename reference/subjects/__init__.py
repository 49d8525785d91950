"""Subjects: implementations under audit, and how a name becomes one."""
