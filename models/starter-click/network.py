"""The network: an encoder that sees a crop of the picture once, and a decoder that answers prompts from its maps.

The decoder is a small U-Net of its own, so that the prompts reach every scale; the encoder is the trunk of
starter-person with the same names, so that its weights can be the start.

Shapes are written [batch, channels, height, width]. Points are x, y in pixels of the canvas.
"""

import torch
import torch.nn.functional as F
from torch import nn

CANVAS = 192  # side of the square canvas
CELL = 2  # canvas pixels to a cell of the logits
SIDE = CANVAS // CELL
STRIDES = (4, 8, 16, 32)
WIDTH = 64  # channels of the encoder's maps, but for the finest, which has 32
POSITIVE, NEGATIVE, TOP_LEFT, BOTTOM_RIGHT, PADDING = 1, 0, 2, 3, -1  # labels of points, as SAM has them
NEAR, FAR = 4.0, 16.0  # canvas pixels: standard deviations of the two blots that a point makes


class ConvNorm(nn.Sequential):
    """Convolution, batch normalisation and, unless `act` is false, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel=3, stride=1, act=True):
        layers = [
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
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
    """Three max poolings in a row, joined: lets the coarsest map see the whole canvas."""

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
    """Picture -> its map of stride 4, and the maps of strides 8, 16 and 32 that a pyramid has joined."""

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
        self.out16 = ConvNorm(WIDTH, WIDTH)

    def forward(self, image):
        map4 = self.stem((image - 114.0) / 64.0)
        map8 = self.stage8(map4)
        map16 = self.stage16(map8)
        map32 = self.side32(self.stage32(map16))
        top16 = self.top16(upsample(map32) + self.side16(map16))
        top8 = self.top8(upsample(top16) + self.side8(map8))
        return map4, top8, self.out16(top16 + self.down16(top8)), map32


class FineMaps(nn.Module):
    """The maps of strides 4 and 8 as the decoder reads them."""

    def __init__(self):
        super().__init__()
        self.side4 = ConvNorm(32, 32, 1)
        self.top4 = ConvNorm(WIDTH, 32, 1)
        self.out4 = ConvNorm(32, 32)
        self.edges = nn.Sequential(Residual(32), Residual(32))
        self.out8 = ConvNorm(WIDTH, WIDTH)

    def forward(self, map4, top8):
        return self.edges(self.out4(self.side4(map4) + upsample(self.top4(top8)))), self.out8(top8)


class Encoder(nn.Module):
    """image [b,3,CANVAS,CANVAS] BGR 0..255 -> features of strides 4 (32 channels), 8, 16 and 32 (WIDTH each)."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk()
        self.mask_features = FineMaps()

    def forward(self, image):
        map4, top8, map16, map32 = self.trunk(image)
        return *self.mask_features(map4, top8), map16, map32


def blots(points, present, spread: float):
    """A plane [b,1,SIDE,SIDE] that is 1 at the points [b,n,2] and falls off around them as a bell does."""
    centres = (torch.arange(SIDE, dtype=torch.float32) + 0.5) * CELL
    bell = torch.exp(-((points[..., None] - centres) ** 2) / (2 * spread**2)) * present[..., None, None]
    return (bell[:, :, 1, :, None] * bell[:, :, 0, None, :]).amax(1, keepdim=True)


def box_plane(points, labels):
    """A plane [b,1,SIDE,SIDE] that is 1 inside the box of the labels TOP_LEFT and BOTTOM_RIGHT; 0 where none is."""
    centres = (torch.arange(SIDE, dtype=torch.float32) + 0.5) * CELL
    is_first, is_last = (labels == TOP_LEFT).float(), (labels == BOTTOM_RIGHT).float()
    first = (points * is_first[..., None]).sum(1)[..., None]
    last = (points * is_last[..., None]).sum(1)[..., None]
    inside = torch.sigmoid((centres - first) / CELL) * torch.sigmoid((last - centres) / CELL)
    return (inside[:, 1, :, None] * inside[:, 0, None, :] * is_last.amax(1)[:, None, None])[:, None]


class Prompts(nn.Module):
    """Points [b,n,2], labels [b,n], logits of an earlier mask [b,1,SIDE,SIDE], whether there is one [b] -> planes."""

    PLANES = 7

    def forward(self, points, labels, mask, has_mask):
        positive, negative = (labels == POSITIVE).float(), (labels == NEGATIVE).float()
        has_mask = has_mask.reshape(-1, 1, 1, 1)
        planes = [blots(points, present, spread) for present in (positive, negative) for spread in (NEAR, FAR)]
        earlier = torch.sigmoid(mask) * has_mask
        return torch.cat([*planes, box_plane(points, labels), earlier, has_mask.expand_as(mask)], 1)


class Likeness(nn.Module):
    """How much each cell of stride 8 looks like what is under the positive points, the negative ones, the mask."""

    CHANNELS = 32

    def __init__(self):
        super().__init__()
        self.look = nn.Conv2d(2 * WIDTH, self.CHANNELS, 1)

    def forward(self, map8, map16, planes):
        look = F.normalize(self.look(torch.cat([map8, upsample(map16)], 1)).float(), dim=1, eps=1e-4)
        weights = F.avg_pool2d(planes[:, [0, 2, 5]], 4)
        height, width = look.shape[2:]
        look, weights = look.flatten(2), weights.flatten(2)
        mean = weights @ look.transpose(1, 2) / (weights.sum(2, keepdim=True) + 1e-3)
        return (mean @ look).reshape(-1, 3, height, width)


class Decoder(nn.Module):
    """Features and prompts -> logits [b,1,SIDE,SIDE]."""

    def __init__(self):
        super().__init__()
        self.prompts = Prompts()
        self.likeness = Likeness()
        self.read = nn.Sequential(ConvNorm(Prompts.PLANES, 16), ConvNorm(16, 32, 3, 2))
        self.side4 = ConvNorm(32, 32, 1)
        self.join4 = ConvNorm(64, 32, 1)
        self.near4 = Residual(32)
        self.down8 = ConvNorm(32, 64, 3, 2)
        self.join8 = ConvNorm(64 + WIDTH + 3, 64, 1)
        self.near8 = Residual(64)
        self.down16 = ConvNorm(64, 128, 3, 2)
        self.join16 = ConvNorm(128 + WIDTH, 128, 1)
        self.near16 = nn.Sequential(Residual(128), Residual(128))
        self.down32 = ConvNorm(128, 128, 3, 2)
        self.join32 = ConvNorm(128 + WIDTH, 128, 1)
        self.near32 = nn.Sequential(Residual(128), PyramidPooling(128))
        self.whole = nn.Linear(128, 128)
        self.up16 = ConvNorm(128, 128, 1)
        self.back16 = Residual(128)
        self.up8 = ConvNorm(128, 64, 1)
        self.back8 = Residual(64)
        self.up4 = ConvNorm(64, 32, 1)
        self.back4 = nn.Sequential(Residual(32), Residual(32))
        self.logits = nn.Conv2d(32, 4, 3, padding=1)

    def forward(self, map4, map8, map16, map32, points, labels, mask, has_mask):
        planes = self.prompts(points, labels, mask, has_mask)
        x4 = self.near4(self.join4(torch.cat([self.read(planes), self.side4(map4)], 1)))
        alike = self.likeness(map8, map16, planes).to(x4.dtype)
        x8 = self.near8(self.join8(torch.cat([self.down8(x4), map8, alike], 1)))
        x16 = self.near16(self.join16(torch.cat([self.down16(x8), map16], 1)))
        x32 = self.near32(self.join32(torch.cat([self.down32(x16), map32], 1)))
        x32 = x32 + self.whole(x32.mean((2, 3)))[:, :, None, None]
        x16 = self.back16(x16 + upsample(self.up16(x32)))
        x8 = self.back8(x8 + upsample(self.up8(x16)))
        x4 = self.back4(x4 + upsample(self.up4(x8)))
        # Four logits to a cell of stride 4: its quarters.
        return F.pixel_shuffle(self.logits(x4).float(), 2)


class Network(nn.Module):
    """Both parts; export.py writes a graph of each."""

    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()
