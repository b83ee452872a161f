"""What the editor asks for over HTTP, one file a noun: plain HTTP beside the page, so that a failure is a status.

Enter through `router.build_routes`. Every route names the project by its key, which is its only permission; bodies are
capped and checked in shape. A noun's file has `add_..._routes`, what several share is in `requests` and `answers`, and
`errors` turns each error into a status and one line. May import everything below web, what web keeps for the whole
server, and sharing; of the page only the folder of built files.
"""
