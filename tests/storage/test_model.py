"""Any sequence of edits, undo, copies, late arrivals and reloads leaves what a plain model says."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from annotator.core.dataset import State
from annotator.core.errors import MissingError, StaleRevisionError
from annotator.core.masks import Rle
from annotator.core.review import Change, Gesture
from annotator.core.trace import rle_to_parts
from annotator.storage.store import Store
from tests.core.strategies import examples
from tests.storage.builders import HEIGHT, WIDTH, add_image, block, suggestion

MASKS = [block(x, y) for x in (0, 5, 9) for y in (0, 4)]
CATEGORIES = [1, 18]


def in_memory():
    """A folder that costs no disk, where the system has one: here it is logic that is tested."""
    shared = Path("/dev/shm")
    return tempfile.mkdtemp(dir=shared if shared.is_dir() else None)


class StoreMachine(RuleBasedStateMachine):
    """The model: for each image its revision, its flags and what each key holds; undo keeps what was there before."""

    images = Bundle("images")

    def __init__(self):
        super().__init__()
        self.folder = Path(in_memory())
        self.store = Store.open(self.folder)
        self.contents = {}  # image id -> key -> (state, category, counts, score)
        self.offered = {}  # key -> (image id, category, counts, score)
        self.revisions = {}
        self.reviewed = {}
        self.removed = set()
        self.sent = []
        self.undone = []
        self.redone = []
        self.number = 0

    def teardown(self):
        self.check_history()
        self.store.close()
        shutil.rmtree(self.folder)

    @initialize()
    def categories(self):
        for name in ("person", "dog"):
            self.store.add_category(name)

    # --- images ----------------------------------------------------------------------------------------------------

    @rule(target=images, content=st.sampled_from([b"a", b"b", b"c"]))
    def add(self, content):
        image = add_image(self.store, content)
        self.removed.discard(image.id)
        self.contents.setdefault(image.id, {})
        self.revisions.setdefault(image.id, 0)
        self.reviewed.setdefault(image.id, False)
        return image.id

    @rule(image=images)
    def remove(self, image):
        if image in self.removed:
            try:
                self.store.remove_image(image)
                raise AssertionError("removed twice")
            except MissingError:
                return
        self.store.remove_image(image)
        self.removed.add(image)

    @rule(image=images)
    def restore(self, image):
        if image in self.removed:
            self.store.restore_image(image)
            self.removed.discard(image)

    # --- suggestions -----------------------------------------------------------------------------------------------

    @rule(image=images, places=st.lists(st.integers(0, 9), max_size=3))
    def prelabel(self, image, places):
        if image in self.removed:
            return
        before = {one.key for one in self.store.instances(image, states=list(State))}
        self.store.set_suggestions(image, [suggestion(x, score=x / 10) for x in places])
        kept = {
            key: value
            for key, value in self.contents[image].items()
            if value[0] != State.SUGGESTED or (image, *value[1:]) != self.offered[key]
        }
        fresh = [one for one in self.store.instances(image, states=list(State)) if one.key not in before]
        assert [(one.score, one.rle) for one in fresh] == [(x / 10, block(x)) for x in places]
        for one in fresh:
            self.offered[one.key] = (image, 1, one.rle.counts, one.score)
            kept[one.key] = (State.SUGGESTED, 1, one.rle.counts, one.score)
        self.contents[image] = kept

    # --- gestures --------------------------------------------------------------------------------------------------

    def send(self, image, changes, *, verb, reviewed=None):
        """Record a gesture and do to the model what it does."""
        gesture = Gesture(image, "tab", self.number, self.revisions[image], verb, "me", tuple(changes), reviewed)
        self.number += 1
        before = dict(self.contents[image])
        revision = self.store.record(gesture)
        assert revision == self.revisions[image] + 1
        self.revisions[image] = revision
        self.sent.append((gesture, revision))
        if reviewed is not None:
            self.reviewed[image] = reviewed
        for change in changes:
            known = self.contents[image].get(change.key)
            if known is None and change.key in self.offered:
                known = (State.SUGGESTED, *self.offered[change.key][1:])
            counts = change.rle.counts if change.rle is not None else known[2]
            self.contents[image][change.key] = (change.state, change.category_id, counts, known[3] if known else None)
        return {change.key: before.get(change.key) for change in changes}

    @rule(image=images, data=st.data(), reviewed=st.sampled_from([None, None, True, False]))
    def edit(self, image, data, reviewed):
        keys = list(self.contents[image])  # in the order they came: suggested keys are random
        changes = {}
        for _ in range(data.draw(st.integers(0, 2))):
            drawn = data.draw(st.sampled_from([None, *keys]))
            key = drawn or f"drawn-{self.number}-{len(changes)}"
            manual = key not in self.offered
            states = [State.ACCEPTED, State.REJECTED, State.DELETED, *([] if manual else [State.SUGGESTED])]
            mask = data.draw(st.sampled_from(MASKS if drawn is None else [None, *MASKS]))
            changes[key] = Change(
                key,
                data.draw(st.sampled_from(CATEGORIES)),
                data.draw(st.sampled_from(states)),
                mask,
                rle_to_parts(mask) if mask is not None and data.draw(st.booleans()) else None,
            )
        before = self.send(image, list(changes.values()), verb="edit", reviewed=reviewed)
        self.undone.append((image, before))
        self.redone.clear()

    def swap(self, source, target, verb):
        image, wanted = source.pop()
        changes = []
        for key, value in wanted.items():
            state, category, counts, _ = value or (State.DELETED, *self.contents[image][key][1:])
            changes.append(Change(key, category, state, Rle(HEIGHT, WIDTH, counts)))
        target.append((image, self.send(image, changes, verb=verb)))

    @precondition(lambda self: self.undone)
    @rule()
    def undo(self):
        self.swap(self.undone, self.redone, "undo")

    @precondition(lambda self: self.redone)
    @rule()
    def redo(self):
        self.swap(self.redone, self.undone, "redo")

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def send_again(self, data):
        gesture, revision = data.draw(st.sampled_from(self.sent))
        assert self.store.record(gesture) == revision

    @precondition(lambda self: any(revision for revision in self.revisions.values()))
    @rule(data=st.data())
    def arrive_late(self, data):
        late = [id for id, revision in self.revisions.items() if revision]
        if not late:
            return
        image = data.draw(st.sampled_from(late))
        stale = data.draw(st.integers(0, self.revisions[image] - 1))
        change = Change(f"late-{self.number}", 1, State.ACCEPTED, MASKS[0])
        try:
            self.store.record(Gesture(image, "other", self.number, stale, "add", "you", (change,)))
            raise AssertionError("a stale gesture was taken")
        except StaleRevisionError:
            pass

    @rule()
    def reload(self):
        self.store.close()
        self.store = Store.open(self.folder)

    # --- what holds ------------------------------------------------------------------------------------------------

    @invariant()
    def the_store_is_as_the_model_says(self):
        visible = [id for id in self.contents if id not in self.removed]
        rows = {row.image.id: row for row in self.store.queue()}
        assert sorted(rows) == sorted(visible)
        for id in visible:
            found = self.store.instances(id, states=list(State))
            assert {one.key: (one.state, one.category_id, one.rle.counts, one.score) for one in found} == self.contents[
                id
            ]
            assert (rows[id].image.revision, rows[id].image.reviewed) == (self.revisions[id], self.reviewed[id])
            assert rows[id].accepted == sum(value[0] == State.ACCEPTED for value in self.contents[id].values())
            for one in found:
                offered = self.offered.get(one.key)
                assert one.edited == (offered is not None and offered[2] != one.rle.counts)

    def check_history(self):
        """The decisions alone lead to the present state of everything that was ever decided."""
        last = {decision.key: decision for decision in self.store.decisions()}
        for values in self.contents.values():
            for key, (state, category, counts, _) in values.items():
                if key in last:
                    decision = last[key]
                    assert (decision.state, decision.category_id, decision.rle.counts) == (state, category, counts)
                else:
                    assert state == State.SUGGESTED
        assert len({(gesture.client, gesture.number) for gesture, _ in self.sent}) == len(self.sent)


TestStore = StoreMachine.TestCase
TestStore.settings = settings(max_examples=examples(25, 10_000), stateful_step_count=20)
