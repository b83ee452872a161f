"""One photograph in, COCO out."""

import json

import annotator

model = annotator.load_model()  # the bundled one; "person-0007" or your own by its name
found = model("photo.jpg")  # or an array (H, W, 3) uint8, red first

print(found.names)  # ["person", "person"]
print(found.scores.round(2))  # the surest first
print(found.boxes)  # (n, 4): x0, y0, x1, y1 in pixels of the picture
print(found.masks.shape)  # (n, H, W), bool
print([rle.to_coco() for rle in found.rles])  # what pycocotools reads

with open("photo.json", "w") as file:
    json.dump(found.above(0.5).to_coco("photo.jpg"), file)
