"""What it takes to draw an object as a polygon."""

import cv2
import numpy as np

RIGHT = 0.85
"""IoU from which on a mask is right."""


def iou(first, second):
    union = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / union if union else 1.0


def drawn(mask):
    """Gestures to draw an object: vertices, and a click to close each part."""
    rings, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    rings = sorted(rings, key=cv2.contourArea, reverse=True)
    side = max(mask.shape)
    best = sum(len(ring) + 1 for ring in rings)
    for parts in range(1, len(rings) + 1):
        for tolerance in side * np.geomspace(0.12, 0.0003, 40):
            simple = [cv2.approxPolyDP(ring, tolerance, closed=True) for ring in rings[:parts]]
            if min(map(len, simple)) < 3:
                continue
            canvas = np.zeros(mask.shape, np.uint8)
            cv2.fillPoly(canvas, simple, 1)
            cost = sum(len(ring) + 1 for ring in simple)
            if iou(canvas > 0, mask) >= RIGHT:
                best = min(best, cost)
                break
            if cost >= best:
                break
    return best


def drawn_by_people(segmentation):
    """Vertices of the file's own polygons, and a click to close each; None where it has run lengths."""
    return sum(len(ring) // 2 + 1 for ring in segmentation) if isinstance(segmentation, list) else None
