"""The server and its page: projects that it holds open, batches, the wire.

Enter through `server.serve`. May import every other wing but the command line.
"""
