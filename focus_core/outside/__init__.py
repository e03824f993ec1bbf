"""Mixers and tasks from outside this project: a file of one's own, or an installed package.

``plugin`` is such a file as plain data, without torch. ``loading`` registers what is in it.
``mixer`` and ``task`` have the classes that an author inherits from: ``focus_core.plugin`` shows
them.
"""
