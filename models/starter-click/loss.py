"""What the decoder is taught: cell-wise normalised focal loss and the overlap as a whole."""

import torch

GAMMA = 2.0


def normalised_focal_loss(logits, targets):
    """Focal loss whose weights of one mask sum to a constant, so that the last errors keep their pull. [k,1,h,w] -> [k]

    Source: RITM (arXiv 2102.06583), after arXiv 1909.07829.
    """
    signed = torch.where(targets > 0.5, logits, -logits)
    wrong = torch.sigmoid(-signed)
    weights = wrong.detach() ** GAMMA
    scale = weights.numel() / len(weights) / (weights.sum((1, 2, 3)) + 1e-4)
    losses = torch.nn.functional.softplus(-signed)
    return (losses * weights).mean((1, 2, 3)) * scale.clamp(max=200.0)


def overlap_loss(logits, targets):
    """1 - IoU of the soft mask. [k,1,h,w] -> [k]"""
    share = logits.sigmoid()
    shared = (share * targets).sum((1, 2, 3))
    return 1 - (shared + 1) / ((share + targets).sum((1, 2, 3)) - shared + 1)


def mask_loss(logits, targets):
    return (normalised_focal_loss(logits, targets) + overlap_loss(logits, targets)).mean()


def overlap(logits, targets):
    """IoU of the masks at a level of 0.5: [k]"""
    mask, target = logits > 0, targets > 0.5
    return (mask & target).sum((1, 2, 3)) / (mask | target).sum((1, 2, 3)).clamp(min=1)
