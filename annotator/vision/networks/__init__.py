"""Networks: found, fetched, checked against their contract, run, and read back as masks in image pixels.

Enter through `zoo` (which networks there are) and `detector` (photos -> detections). Imports core, system and pictures.
"""
