"""The network: a small residual backbone, a feature pyramid, a box head without anchors, and a mask head per box.

Shapes are written [batch, channels, height, width]; boxes are x0, y0, x1, y1 in pixels of the input canvas.
"""

import torch
import torch.nn.functional as F
from torch import nn

STRIDES = (8, 16, 32)
WIDTH = 64  # channels of the pyramid and of the box head
MASK_SIZE = 28  # side of a predicted heatmap


class ConvNorm(nn.Sequential):
    """Convolution, batch normalisation and, unless `act` is false, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel=3, stride=1, act=True, dilation=1):
        layers = [
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2 * dilation, dilation, bias=False),
            nn.BatchNorm2d(outputs, momentum=0.03, eps=1e-3),
        ]
        super().__init__(*layers, *([nn.ReLU(inplace=True)] if act else []))


class Residual(nn.Module):
    """Two 3x3 convolutions added to their input."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = ConvNorm(channels, channels)
        self.second = ConvNorm(channels, channels, act=False)

    def forward(self, x):
        return F.relu(x + self.second(self.first(x)))


class PyramidPooling(nn.Module):
    """Three max poolings in a row, joined: lets the coarsest map see the whole picture."""

    def __init__(self, channels: int):
        super().__init__()
        self.reduce = ConvNorm(channels, channels // 2, 1)
        self.join = ConvNorm(channels * 2, channels, 1)

    def forward(self, x):
        maps = [self.reduce(x)]
        for _ in range(3):
            maps.append(F.max_pool2d(maps[-1], 5, 1, 2))
        return self.join(torch.cat(maps, 1))


def upsample(x):
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


class Trunk(nn.Module):
    """Picture -> the pyramid maps of the box head, and the map of stride 4."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(ConvNorm(3, 16, 3, 2), ConvNorm(16, 32, 3, 2), Residual(32))
        self.stage8 = nn.Sequential(ConvNorm(32, 64, 3, 2), Residual(64), Residual(64))
        self.stage16 = nn.Sequential(ConvNorm(64, 128, 3, 2), Residual(128), Residual(128))
        self.stage32 = nn.Sequential(ConvNorm(128, 160, 3, 2), Residual(160), PyramidPooling(160))
        self.side8 = ConvNorm(64, WIDTH, 1)
        self.side16 = ConvNorm(128, WIDTH, 1)
        self.side32 = ConvNorm(160, WIDTH, 1)
        self.top16 = ConvNorm(WIDTH, WIDTH)
        self.top8 = ConvNorm(WIDTH, WIDTH)
        self.down16 = ConvNorm(WIDTH, WIDTH, 3, 2)
        self.down32 = ConvNorm(WIDTH, WIDTH, 3, 2)
        self.out16 = ConvNorm(WIDTH, WIDTH)
        self.out32 = ConvNorm(WIDTH, WIDTH)

    def forward(self, image):
        """image [b,3,h,w] BGR 0..255; h and w are multiples of 32."""
        map4 = self.stem((image - 114.0) / 64.0)
        map8 = self.stage8(map4)
        map16 = self.stage16(map8)
        map32 = self.stage32(map16)
        top32 = self.side32(map32)
        top16 = self.top16(upsample(top32) + self.side16(map16))
        top8 = self.top8(upsample(top16) + self.side8(map8))
        out16 = self.out16(top16 + self.down16(top8))
        out32 = self.out32(top32 + self.down32(out16))
        return map4, (top8, out16, out32)


class BoxHead(nn.Module):
    """One tower for the score and one for the box sides at every pyramid level."""

    def __init__(self):
        super().__init__()
        self.score_towers = nn.ModuleList(self.tower() for _ in STRIDES)
        self.side_towers = nn.ModuleList(self.tower() for _ in STRIDES)
        self.scores = nn.ModuleList(nn.Conv2d(WIDTH, 1, 1) for _ in STRIDES)
        self.sides = nn.ModuleList(nn.Conv2d(WIDTH, 4, 1) for _ in STRIDES)
        for score, side in zip(self.scores, self.sides, strict=True):
            nn.init.normal_(score.weight, std=0.01)
            nn.init.constant_(score.bias, -4.6)  # start at a score of 0.01: nearly every cell is background
            nn.init.normal_(side.weight, std=0.01)
            nn.init.constant_(side.bias, 0.9)  # start at boxes of about 5 strides

    @staticmethod
    def tower():
        return nn.Sequential(ConvNorm(WIDTH, WIDTH), ConvNorm(WIDTH, WIDTH))

    def forward(self, maps):
        """-> score logits [b, cells] and boxes [b, cells, 4] in pixels, cells of all levels in a row."""
        logits, boxes = [], []
        for level, stride in enumerate(STRIDES):
            x = maps[level]
            height, width = x.shape[2:]
            # The last layers stay in f32: their rounding would move box sides by pixels.
            score_map = self.score_towers[level](x).float()
            side_map = self.side_towers[level](x).float()
            with torch.autocast("cpu", enabled=False):
                score = self.scores[level](score_map)
                side = self.sides[level](side_map)
            logits.append(score.flatten(1))
            distance = side.flatten(2).transpose(1, 2).clamp(max=5.0).exp() * stride
            centre = cell_centres(height, width, stride)
            boxes.append(torch.cat([centre - distance[..., :2], centre + distance[..., 2:]], -1))
        return torch.cat(logits, 1), torch.cat(boxes, 1)


def cell_centres(height: int, width: int, stride: int) -> torch.Tensor:
    """Centres of a map's cells in input pixels, [height * width, 2] as x, y."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return (torch.stack([x, y], -1).reshape(-1, 2) + 0.5) * stride


class MaskFeatures(nn.Module):
    """The finer maps that the mask head samples: stride 4 for edges, stride 8 for what belongs to whom."""

    def __init__(self):
        super().__init__()
        self.side4 = ConvNorm(32, 32, 1)
        self.top4 = ConvNorm(WIDTH, 32, 1)
        self.out4 = ConvNorm(32, 32)
        self.edges = nn.Sequential(Residual(32), Residual(32))
        self.out8 = ConvNorm(WIDTH, WIDTH)

    def forward(self, map4, top8):
        return self.edges(self.out4(self.side4(map4) + upsample(self.top4(top8)))), self.out8(top8)


def sample(features, rois, size: int):
    """Read `features` [b,c,h,w] at a size x size grid of cell centres per box.

    rois [b,n,4] in fractions of the canvas, 0..1. -> [b*n, c, size, size]
    """
    batch = rois.shape[0]
    steps = (torch.arange(size, dtype=torch.float32) + 0.5) / size
    x = rois[..., 0:1] + (rois[..., 2:3] - rois[..., 0:1]) * steps
    y = rois[..., 1:2] + (rois[..., 3:4] - rois[..., 1:2]) * steps
    grid = torch.stack([x.unsqueeze(2).expand(-1, -1, size, -1), y.unsqueeze(3).expand(-1, -1, -1, size)], -1).reshape(
        batch, -1, size, 2
    )
    values = F.grid_sample(features, grid * 2 - 1, mode="bilinear", padding_mode="zeros", align_corners=False)
    channels = features.shape[1]
    return values.reshape(batch, channels, -1, size, size).transpose(1, 2).reshape(-1, channels, size, size)


class MaskHead(nn.Module):
    """Boxes -> heatmaps, for any boxes: fine samples 28x28 at stride 4, coarse ones 14x14 at strides 8 and 16."""

    def __init__(self):
        super().__init__()
        self.fine = ConvNorm(32, 32)
        self.fine_down = ConvNorm(32, 64, 3, 2)
        self.join = ConvNorm(64 + 2 * WIDTH, 64)
        self.near = Residual(64)
        self.wide = ConvNorm(64, 64, dilation=3)  # the box's far side tells whose arm this is
        self.whole = nn.Linear(64, 64)
        self.again = nn.Sequential(Residual(64), Residual(64))
        self.last = ConvNorm(64, 32, act=False)
        self.refine = ConvNorm(32, 32)
        self.logit = nn.Conv2d(32, 1, 1)

    def forward(self, features4, features8, features16, rois):
        """-> logits [b*n, 28, 28]; rois [b,n,4] in fractions of the canvas."""
        fine = self.fine(sample(features4, rois, MASK_SIZE))
        coarse = [sample(features, rois, MASK_SIZE // 2) for features in (features8, features16)]
        x = self.near(self.join(torch.cat([self.fine_down(fine), *coarse], 1)))
        x = x + self.wide(x) + self.whole(x.mean((2, 3)))[:, :, None, None]
        x = self.refine(F.relu(upsample(self.last(self.again(x))) + fine))
        return self.logit(x)[:, 0]


class Network(nn.Module):
    """All parts. `forward` is the training pass; export.py puts the parts together for inference."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk()
        self.box_head = BoxHead()
        self.mask_features = MaskFeatures()
        self.mask_head = MaskHead()

    def forward(self, image, rois):
        """image [b,3,h,w], rois [b,n,4] in fractions -> score logits, boxes, mask logits."""
        map4, maps = self.trunk(image)
        logits, boxes = self.box_head(maps)
        return logits, boxes, self.masks(map4, maps, rois)

    def masks(self, map4, maps, rois):
        """Mask logits [b*n,28,28] from the trunk's maps. Sampling runs in f32: bf16 coordinates are too coarse."""
        features4, features8 = self.mask_features(map4, maps[0])
        return self.mask_head(features4.float(), features8.float(), maps[1].float(), rois).float()
