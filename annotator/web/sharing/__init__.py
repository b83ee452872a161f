"""What strangers may take of a server that they share: limits, shares, guards, sign-in, files read in a child.

Imports nothing of the page and its routes.
"""
