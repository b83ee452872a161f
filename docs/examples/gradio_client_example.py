"""From another program: a picture goes to the running server, and COCO comes back."""

import json
import os

from gradio_client import Client, handle_file

client = Client(os.environ.get("ANNOTATOR_ADDRESS", "http://127.0.0.1:7860"), verbose=False)
document = client.predict(
    picture=handle_file("photo.jpg"),
    model="starter-person",
    threshold=0.5,
    api_name="/suggest",
)
with open("photo.json", "w") as file:
    json.dump(document, file)
print(len(document["annotations"]), "people")
