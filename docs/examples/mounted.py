"""The page inside a FastAPI application: uvicorn mounted:app"""

from fastapi import FastAPI

import annotator

app = FastAPI()


@app.get("/health")
def health() -> str:
    return "ok"


annotator.mount(app, "/annotator", project="people")
