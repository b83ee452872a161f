"""A mask of anything: points on it, points beside it, a box around it."""

import annotator

model = annotator.load_prompt_model("starter-click")  # or "mobile-sam", fetch=True: 45 MB, once
look = model.look("photo.jpg")  # the slow part, once a picture

answer = look.ask(points=[(400, 250)])
if answer is not None:
    answer = look.ask(points=[(400, 250)], not_points=[(40, 40)], earlier=answer)
if answer is not None:
    print(answer.mask.sum(), "pixels")
