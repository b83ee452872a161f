"""Photographs from outside and networks that look at them.

May import core and system; never storage.
"""
