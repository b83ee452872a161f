"""The tables of a project's database, which the queries are written against.

A test holds `metadata` equal to what the migrations of storage/migrations.py make.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, LargeBinary, MetaData, Table, Text

from annotator.storage.migrations import APPLICATION_ID, MIGRATIONS

__all__ = ["APPLICATION_ID", "MIGRATIONS"]

metadata = MetaData()

migrations = Table(
    "migrations",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Text, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),  # JSON
)

images = Table(
    "images",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("reviewed", Boolean, nullable=False),
    Column("prelabelled", Boolean, nullable=False),
    Column("removed", Boolean, nullable=False),  # in the bin, or a take (storage/takes.py)
    Column("revision", Integer, nullable=False),
    Column("extra", Text, nullable=False),  # JSON object
    Column("added_at", Text, nullable=False),
    Column("name_order", Text, nullable=False),  # by which names sort; empty in what was added before it was kept
    Column("note", Text, nullable=False),
    Column("flags", Text, nullable=False),  # JSON list of words, sorted
    Column("failure", Text, nullable=False),  # why it could not be pre-labelled, until it is
    Column("prelabelled_by", Text),  # model@version, the last; NULL where nothing is known of it
)

categories = Table(
    "categories",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("supercategory", Text, nullable=False),
    Column("extra", Text, nullable=False),  # JSON object
    Column("color", Text),  # "#rrggbb"
    Column("position", Integer),  # in lists; NULL comes last, in order of id
    Column("digit", Integer),  # the key, 1 to 9, that gives it
    Column("threshold", Float),  # NULL: the general one
    Column("known_as", Text),  # the name that it came with, where it was renamed
    Column("merged_into", Integer, ForeignKey("categories.id")),  # what it counts as, which is merged into none
    Column("removed", Boolean, nullable=False),
)

category_changes = Table(  # append only
    "category_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("undoes", Integer, ForeignKey("category_changes.id")),
    Column("before", Text, nullable=False),  # JSON: for each category's id, the columns that changed as they were
    Column("after", Text, nullable=False),  # the same columns as they are since
)

bulks = Table(  # of this machine: what one order decided about many instances, so that it can be taken back
    "bulks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("client", Text, nullable=False),  # of its gestures
    Column("at", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("undone", Boolean, nullable=False),
    Column("asked", Text, nullable=False, default=""),  # JSON: what goes on where it broke off; "" once it has ended
)

unseen = Table(  # of this machine: bulks that accepted unseen, each with the suggestions that people answer instead
    "unseen",
    metadata,
    Column("bulk_id", Integer, ForeignKey("bulks.id"), primary_key=True),
    Column("target", Float, nullable=False),  # the share that is to be right
    Column("sample", Text, nullable=False),  # JSON: keys
)

suggestions = Table(  # immutable: what a model once offered
    "suggestions",
    metadata,
    Column("key", Text, primary_key=True),
    Column("image_id", Integer, ForeignKey("images.id"), nullable=False),
    Column("category_id", Integer, ForeignKey("categories.id"), nullable=False),
    Column("score", Float, nullable=False),
    Column("rle", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("at", Text, nullable=False),
)

runs = Table(  # what a network found on a picture at one time: its suggestions, also those that were not offered
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("image_id", Integer, ForeignKey("images.id"), nullable=False),
    Column("source", Text, nullable=False),  # model@version
    Column("at", Text, nullable=False),  # as its suggestions have it
    Column("whole", Boolean, nullable=False),  # all that it found is kept
)

blind = Table(  # images on which people see no suggestions, so that these are measured without bias
    "blind",
    metadata,
    Column("image_id", Integer, ForeignKey("images.id"), primary_key=True),
    Column("picked", Boolean, nullable=False),  # by a person, not by chance
    Column("shown_at", Integer),  # the image's revision when they were shown after all; NULL until then
)

people = Table(  # of this machine, where people sign in: who may do what
    "people",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("login", Text),  # the id that signing in gives; NULL until they do so under this name
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("added_at", Text, nullable=False),
    Column("added_by", Text, nullable=False),
)

twice = Table(  # pictures that two people annotate apart from each other
    "twice",
    metadata,
    Column("image_id", Integer, ForeignKey("images.id"), primary_key=True),
    Column("picked", Boolean, nullable=False),  # by a person, not by chance
    Column("take_id", Integer, ForeignKey("images.id")),  # the second take; NULL until somebody has begun it
    Column("given_to", Text),  # whose that is
    Column("given_at", Text),
    Column("as_of", Integer),  # the picture's revision then: the first take is compared as it was
    Column("settled", Text),  # which take a reviewer chose: first, second or some of it; NULL while nobody did
)

leases = Table(  # of this machine: who works on an image, so that nobody else is given it
    "leases",
    metadata,
    Column("image_id", Integer, ForeignKey("images.id"), primary_key=True),
    Column("name", Text, nullable=False),  # of whoever signed in, "" where nobody did
    Column("client", Text, nullable=False),  # of the browser's tab
    Column("until", Integer, nullable=False),  # milliseconds since 1970, by the database's clock
)

verdicts = Table(  # append only: what reviewers said of pictures that are done
    "verdicts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("image_id", Integer, ForeignKey("images.id"), nullable=False),
    Column("revision", Integer, nullable=False),  # of the image since then; a later one is another picture
    Column("verdict", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("whom", Text, nullable=False),  # who did the picture, and is to do it again; "": anybody
    Column("at", Text, nullable=False),
)

instances = Table(  # the current state, which the suggestions and the decisions lead to
    "instances",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("image_id", Integer, ForeignKey("images.id"), nullable=False),
    Column("category_id", Integer, ForeignKey("categories.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("rle", Text, nullable=False),  # COCO's compressed counts; the size is the image's
    Column("parts", LargeBinary),  # as storage/parts.py has them, or NULL
    Column("source", Text, nullable=False),
    Column("score", Float),
    Column("edited", Boolean, nullable=False),
    Column("extra", Text, nullable=False),  # JSON object
    Column("crowd", Boolean, nullable=False),  # a group annotated together, COCO's iscrowd
    Column("flags", Text, nullable=False),  # JSON list of words, sorted
    Column("note", Text, nullable=False),
    Column("locked", Boolean, nullable=False),  # the editor leaves it as it is
    Column("area", Integer),  # of the mask, in pixels; NULL, as the two below, where it is not measured yet
    Column("box_width", Integer),
    Column("box_height", Integer),
    Column("prompt", Text),  # JSON: what was said to the network that made the mask; NULL where nothing was
    Column("agreement", Text),  # of a second network, as core/vote.py has it; NULL where none was asked
    Column("vote_by", Text),  # that network, model@version
    Column("vote_score", Float),  # these three: of its suggestion in the same place, NULL where it has none
    Column("vote_iou", Float),
    Column("vote_category", Integer),
)

gestures = Table(
    "gestures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("image_id", Integer, ForeignKey("images.id"), nullable=False),
    Column("client", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("digest", Text, nullable=False),  # of what it said, so that a number used twice is told from a copy
    Column("verb", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("revision_before", Integer, nullable=False),
    Column("revision_after", Integer, nullable=False),
    Column("reviewed", Boolean),
    Column("threshold", Float),
    Column("seconds", Float),
    Column("note", Text),  # of the picture from then on; NULL: as it was
    Column("flags", Text),  # the same
    Column("tool", Text),  # that an outline was drawn or changed with; NULL in what was made before it was kept
    Column("clicks", Integer),  # the same
)

decisions = Table(  # append only
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("gesture_id", Integer, ForeignKey("gestures.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("category_id", Integer, ForeignKey("categories.id"), nullable=False),
    Column("rle", Text, nullable=False),
    Column("parts", LargeBinary),
    Column("source", Text, nullable=False),
    Column("score", Float),
    Column("cut", Integer),  # the level that made the mask, in hundredths (web/protocol.py: why it is called so)
    Column("crowd", Boolean),  # NULL in what was decided before it was kept here
    Column("flags", Text),  # these three: NULL as well
    Column("note", Text),
    Column("locked", Boolean),
    Column("prompt", Text),
)

heatmaps = Table(  # of masks that a model made; gone with the instance
    "heatmaps",
    metadata,
    Column("key", Text, primary_key=True),  # of the instance; of what a network was asked for, as `name_of` says
    Column("image_id", Integer, ForeignKey("images.id"), nullable=False),
    Column("x", Integer, nullable=False),  # the region's first pixel and size, in image pixels
    Column("y", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),  # as core/heatmap.py packs it
)
