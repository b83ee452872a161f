"""What the editor asks for over HTTP, one file a noun.

Enter through `router.build_routes`. May import everything below web, and what web keeps for the whole server.
"""
