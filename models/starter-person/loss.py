"""What the network is taught: which cells answer for which box, and the losses on scores, boxes and masks."""

from functools import lru_cache

import torch
import torch.nn.functional as F
from network import STRIDES, cell_centres

CANDIDATES = 10  # cells that may answer for one box
SCORE_POWER, OVERLAP_POWER = 0.5, 6.0  # how score and overlap weigh when cells compete for a box
SMALLEST = 12.0  # px; smaller boxes claim cells as if they were this large, or they would hold no cell centre
BOX_WEIGHT, MASK_WEIGHT = 2.5, 3.0


@lru_cache
def centres(size: tuple[int, int]) -> torch.Tensor:
    """Cell centres of all levels for a canvas of (height, width), [cells, 2]."""
    return torch.cat([cell_centres(size[0] // stride, size[1] // stride, stride) for stride in STRIDES])


def overlap(first, second, generalised: bool = False):
    """IoU, or generalised IoU, of boxes [...,4] that broadcast against each other."""
    wide = (torch.minimum(first[..., 2], second[..., 2]) - torch.maximum(first[..., 0], second[..., 0])).clamp(min=0)
    high = (torch.minimum(first[..., 3], second[..., 3]) - torch.maximum(first[..., 1], second[..., 1])).clamp(min=0)
    shared = wide * high
    area_first = (first[..., 2] - first[..., 0]) * (first[..., 3] - first[..., 1])
    area_second = (second[..., 2] - second[..., 0]) * (second[..., 3] - second[..., 1])
    union = area_first + area_second - shared + 1e-6
    iou = shared / union
    if not generalised:
        return iou
    hull_wide = torch.maximum(first[..., 2], second[..., 2]) - torch.minimum(first[..., 0], second[..., 0])
    hull_high = torch.maximum(first[..., 3], second[..., 3]) - torch.minimum(first[..., 1], second[..., 1])
    hull = hull_wide * hull_high + 1e-6
    return iou - (hull - union) / hull


def inside(points, boxes):
    """points [cells,2], boxes [b,n,4] -> [b,n,cells], true where the cell centre is in the box."""
    x, y = points[:, 0], points[:, 1]
    return (x > boxes[..., 0:1]) & (x < boxes[..., 2:3]) & (y > boxes[..., 1:2]) & (y < boxes[..., 3:4])


@torch.no_grad()
def assign(logits, boxes, truth, present, points):
    """Task-aligned assignment over the whole batch.

    logits [b,cells], boxes [b,cells,4], truth [b,n,4], present [b,n]
    -> the target score [b,cells] (0 for background) and the index of the true box [b,cells].
    """
    middle = (truth[..., :2] + truth[..., 2:]) / 2
    half = ((truth[..., 2:] - truth[..., :2]) / 2).clamp(min=SMALLEST / 2)
    near = inside(points, torch.cat([middle - half, middle + half], -1)) & present[..., None]
    iou = overlap(truth[:, :, None], boxes[:, None]) * near
    quality = logits.sigmoid()[:, None] ** SCORE_POWER * iou**OVERLAP_POWER
    # Cells without overlap still count a little: a small box must not go untaught in the first epochs.
    ranked = torch.where(near, quality + 1e-9, -1.0)
    best, cells = ranked.topk(CANDIDATES, dim=-1)
    chosen = torch.zeros_like(near).scatter_(-1, cells, best > 0)
    # A cell claimed by several boxes goes to the one that it overlaps most.
    owner_iou, owner = torch.where(chosen, iou, -1.0).max(1)
    positive = owner_iou >= 0
    chosen &= torch.zeros_like(chosen).scatter_(1, owner[:, None], positive[:, None])
    quality, iou = quality * chosen, iou * chosen
    # The best cell of a box is asked for a score equal to the box's best overlap, the others for less.
    scaled = quality / (quality.amax(-1, keepdim=True) + 1e-9) * iou.amax(-1, keepdim=True)
    return scaled.amax(1), owner, positive


def detection_loss(logits, boxes, batch, size: tuple[int, int]):
    """Score and box losses, both divided by the sum of target scores."""
    points = centres(size)
    target, owner, positive = assign(logits.detach(), boxes.detach(), batch["boxes"], batch["present"], points)
    ignored = (inside(points, batch["ignored"]) & batch["ignored_present"][..., None]).any(1) & ~positive
    total = target.sum().clamp(min=1.0)
    score_loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    score_loss = (score_loss * ~ignored).sum() / total
    rows, cells = positive.nonzero(as_tuple=True)
    wanted = batch["boxes"][rows, owner[rows, cells]]
    box_loss = ((1 - overlap(boxes[rows, cells], wanted, generalised=True)) * target[rows, cells]).sum() / total
    return score_loss, box_loss


def mask_loss(logits, targets, weights):
    """Cell-wise cross entropy plus Dice, weighted mean over the boxes. logits [k,28,28], targets uint8, weights [k]."""
    targets = targets.float() / 255
    cross = F.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean((1, 2))
    share = logits.sigmoid()
    dice = 1 - (2 * (share * targets).sum((1, 2)) + 1) / (share.square().sum((1, 2)) + targets.square().sum((1, 2)) + 1)
    return ((cross + dice) * weights).sum() / weights.sum().clamp(min=1)
