"""Masks for clicks and boxes from promptable networks, shared by all projects of a server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from annotator.core.dataset import Image
from annotator.core.errors import ModelError
from annotator.core.prompt import Prompt
from annotator.storage.store import Store
from annotator.system.latest import Latest, SharedLatest
from annotator.vision.networks import zoo
from annotator.vision.networks.prompts.answers import Answer
from annotator.vision.networks.prompts.asking import Crop, Earlier, FeaturesOf, ask
from annotator.vision.networks.prompts.feature_cache import FeatureCache
from annotator.vision.networks.prompts.network import PromptFeatures, PromptNetwork
from annotator.vision.pictures import decode
from annotator.vision.pictures.photo import Photo

Key = TypeVar("Key")
Value = TypeVar("Value")

MOST_FEATURES = 256 * 1024 * 1024
"""Bytes of features in memory: 60 pictures of SAM's, over 500 of the smallest network's."""

MOST_ON_DISK = 128 * 1024 * 1024
"""Bytes of features in one project's folder."""

KEPT_CROPS = 128
KEPT_PHOTOS = 16
KEPT_BYTES = 150_000_000
"""Of decoded pictures, for what looks at crops: the latest is kept whatever it takes. However fast somebody clicks, no
crop and no picture is pushed out of another project that keeps fewer."""


class Prompter:
    """Networks that are loaded, and features of pictures. Safe to use from several threads.

    What takes long, loading a network and looking at a picture, is `prepare`'s; whoever calls it keeps a queue of its
    own for that. `answer` is quick where `is_ready` says so.
    """

    def __init__(self) -> None:
        self._networks: dict[str, PromptNetwork] = {}
        self._features = FeatureCache(most_bytes=MOST_FEATURES, most_on_disk=MOST_ON_DISK)
        self._crops: SharedLatest[Path, tuple[str, str, Crop], PromptFeatures] = SharedLatest(KEPT_CROPS)
        self._photos: SharedLatest[Path, str, Photo] = SharedLatest(KEPT_PHOTOS, most_bytes=KEPT_BYTES, bytes_of=_bytes)
        self._lock = threading.Lock()
        self._loading = threading.Lock()

    def network(self, model: str) -> PromptNetwork:
        """The network, loaded once. Raises ModelError where it is not here."""
        info = zoo.find_prompt(model)
        with self._loading:
            if info.name not in self._networks:
                if not info.present:
                    raise ModelError(f"{info.name}: not here yet, fetch it first: annotator models fetch {info.name}")
                self._networks[info.name] = PromptNetwork(info)
            return self._networks[info.name]

    def is_ready(self, store: Store, image: Image, *, model: str) -> bool:
        """Whether an answer waits for no network to load and for no picture to be looked at."""
        network = self._networks.get(zoo.find_prompt(model).name)
        return network is not None and self._kept(network, store, image) is not None

    def prepare(self, store: Store, image: Image, *, model: str) -> None:
        """Load the network and look at the picture. Raises ModelError where the network is not here."""
        network = self.network(model)
        if self._kept(network, store, image) is None:
            features = network.features(self._photo(store, image))
            self._features.keep(network.key, image.sha256, features, project=store.folder)

    def answer(
        self, store: Store, image: Image, prompt: Prompt, *, model: str, earlier: Earlier | None = None
    ) -> Answer | None:
        """The mask that a prompt means; None where the network finds nothing there. Raises as `ask` does."""
        network = self.network(model)
        return ask(network, image, prompt, earlier=earlier, features_of=self._features_of(network, store, image))

    def _features_of(self, network: PromptNetwork, store: Store, image: Image) -> FeaturesOf:
        def look(crop: Crop | None) -> PromptFeatures:
            if crop is None:
                self.prepare(store, image, model=network.info.name)
                features = self._kept(network, store, image)
                return features or network.features(self._photo(store, image))
            return self._keep(
                self._crops,
                (store.folder, (network.key, image.sha256, crop)),
                lambda: network.features(self._photo(store, image), crop),
            )

        return look

    def _kept(self, network: PromptNetwork, store: Store, image: Image) -> PromptFeatures | None:
        return self._features.find(network.key, image.sha256, network.view(image), project=store.folder)

    def _photo(self, store: Store, image: Image) -> Photo:
        return self._keep(
            self._photos,
            (store.folder, image.sha256),
            lambda: decode.decode(store.content(image), file_name=image.file_name),
        )

    def _keep(self, kept: Latest[Key, Value], key: Key, make: Callable[[], Value]) -> Value:
        """A value that is kept, or made without holding up others."""
        with self._lock:
            found = kept.peek(key)
        if found is not None:
            return found
        made = make()
        with self._lock:
            return kept.get(key, lambda: made)


def _bytes(photo: Photo) -> int:
    return len(photo.content) + photo.pixels.nbytes
