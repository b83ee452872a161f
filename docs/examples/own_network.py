"""Suggestions of a network that runs somewhere else: only its masks come here."""

import numpy as np

import annotator

with annotator.Project("people") as project:
    for picture in project.add_pictures("photos"):
        pixels = project.pixels(picture)
        # Yours in place of this: everything bright is a cloud.
        masks = np.array([pixels.min(axis=2) > 200])
        found = annotator.Detections.from_masks(masks, scores=[0.8], names=["cloud"], source="bright@1")
        print(picture.file_name, project.suggest(picture, found), "offered")
