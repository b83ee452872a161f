"""What the page shows: its tabs, words and colours; layout and events, no logic of their own.

Enter through `app.build_page`. May import everything below web, and what web keeps for the whole server.
"""
