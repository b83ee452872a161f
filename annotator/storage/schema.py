"""The tables of a project's database, and the named migrations that lead to them from every released schema.

A released migration is never edited: what comes later is a new one at the end. A test holds `metadata`, which the
queries are written against, equal to what the migrations make.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, LargeBinary, MetaData, Table, Text

APPLICATION_ID = 0x414E4E4F  # "ANNO": tells a project's database from any other SQLite file

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
    Column("removed", Boolean, nullable=False),  # in the bin
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

_STATES = "('suggested', 'accepted', 'rejected', 'deleted')"


def _immutable(table: str, event: str) -> str:
    name = f"{table}_refuse_{event.lower()}"
    refusal = f"SELECT RAISE(ABORT, '{table} can only be added to')"
    return f"CREATE TRIGGER {name} BEFORE {event} ON {table} BEGIN {refusal}; END"


MIGRATIONS: dict[str, tuple[str, ...]] = {
    "0001_first": (
        f"PRAGMA application_id = {APPLICATION_ID}",
        "CREATE TABLE migrations (name TEXT PRIMARY KEY NOT NULL, at TEXT NOT NULL)",
        "CREATE TABLE settings (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)",
        """CREATE TABLE images (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
            file_name TEXT NOT NULL,
            width INTEGER NOT NULL CHECK (width > 0),
            height INTEGER NOT NULL CHECK (height > 0),
            reviewed BOOLEAN NOT NULL DEFAULT 0,
            prelabelled BOOLEAN NOT NULL DEFAULT 0,
            removed BOOLEAN NOT NULL DEFAULT 0,
            revision INTEGER NOT NULL DEFAULT 0,
            extra TEXT NOT NULL DEFAULT '{}',
            added_at TEXT NOT NULL)""",
        """CREATE TABLE categories (
            id INTEGER PRIMARY KEY NOT NULL,
            name TEXT NOT NULL,
            supercategory TEXT NOT NULL DEFAULT '',
            extra TEXT NOT NULL DEFAULT '{}')""",
        """CREATE TABLE suggestions (
            key TEXT PRIMARY KEY NOT NULL,
            image_id INTEGER NOT NULL REFERENCES images (id),
            category_id INTEGER NOT NULL REFERENCES categories (id),
            score FLOAT NOT NULL,
            rle TEXT NOT NULL,
            source TEXT NOT NULL,
            at TEXT NOT NULL)""",
        f"""CREATE TABLE instances (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            key TEXT NOT NULL UNIQUE,
            image_id INTEGER NOT NULL REFERENCES images (id),
            category_id INTEGER NOT NULL REFERENCES categories (id),
            state TEXT NOT NULL CHECK (state IN {_STATES}),
            rle TEXT NOT NULL,
            parts BLOB,
            source TEXT NOT NULL,
            score FLOAT,
            edited BOOLEAN NOT NULL DEFAULT 0,
            extra TEXT NOT NULL DEFAULT '{{}}')""",
        "CREATE INDEX instances_by_image ON instances (image_id, state)",
        """CREATE TABLE gestures (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            image_id INTEGER NOT NULL REFERENCES images (id),
            client TEXT NOT NULL,
            number INTEGER NOT NULL,
            digest TEXT NOT NULL,
            verb TEXT NOT NULL,
            who TEXT NOT NULL,
            at TEXT NOT NULL,
            revision_before INTEGER NOT NULL,
            revision_after INTEGER NOT NULL,
            reviewed BOOLEAN,
            threshold FLOAT,
            seconds FLOAT,
            UNIQUE (client, number))""",
        "CREATE INDEX gestures_by_image ON gestures (image_id)",
        f"""CREATE TABLE decisions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            gesture_id INTEGER NOT NULL REFERENCES gestures (id),
            key TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN {_STATES}),
            category_id INTEGER NOT NULL REFERENCES categories (id),
            rle TEXT NOT NULL,
            parts BLOB,
            source TEXT NOT NULL,
            score FLOAT)""",
        "CREATE INDEX decisions_by_gesture ON decisions (gesture_id)",
        "CREATE INDEX decisions_by_key ON decisions (key)",
        _immutable("suggestions", "UPDATE"),
        _immutable("suggestions", "DELETE"),
        _immutable("gestures", "UPDATE"),
        _immutable("gestures", "DELETE"),
        _immutable("decisions", "UPDATE"),
        _immutable("decisions", "DELETE"),
    ),
    "0002_heatmaps": (
        """CREATE TABLE heatmaps (
            key TEXT PRIMARY KEY NOT NULL,
            image_id INTEGER NOT NULL REFERENCES images (id),
            x INTEGER NOT NULL,
            y INTEGER NOT NULL,
            width INTEGER NOT NULL CHECK (width > 0),
            height INTEGER NOT NULL CHECK (height > 0),
            size INTEGER NOT NULL CHECK (size > 0),
            content BLOB NOT NULL)""",
        "CREATE INDEX heatmaps_by_image ON heatmaps (image_id)",
        "ALTER TABLE decisions ADD COLUMN cut INTEGER",
    ),
    "0003_crowds": (
        "ALTER TABLE instances ADD COLUMN crowd BOOLEAN NOT NULL DEFAULT 0",
        "ALTER TABLE decisions ADD COLUMN crowd BOOLEAN",
        """UPDATE instances SET crowd = json_extract(extra, '$.iscrowd') = 1, extra = json_remove(extra, '$.iscrowd')
            WHERE json_valid(extra) AND json_extract(extra, '$.iscrowd') IS NOT NULL""",
    ),
    "0004_search": (
        "ALTER TABLE images ADD COLUMN name_order TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX images_by_review ON images (removed, reviewed)",
        # All that a search asks of an instance, so that no mask is read on the way.
        "DROP INDEX instances_by_image",
        "CREATE INDEX instances_by_image ON instances (image_id, state, category_id, score, source, edited, crowd)",
        "DROP INDEX gestures_by_image",
        "CREATE INDEX gestures_by_image ON gestures (image_id, at)",
    ),
    "0005_categories": (
        "ALTER TABLE categories ADD COLUMN color TEXT",
        "ALTER TABLE categories ADD COLUMN position INTEGER",
        "ALTER TABLE categories ADD COLUMN digit INTEGER",
        "ALTER TABLE categories ADD COLUMN threshold FLOAT",
        "ALTER TABLE categories ADD COLUMN known_as TEXT",
        "ALTER TABLE categories ADD COLUMN merged_into INTEGER REFERENCES categories (id)",
        "ALTER TABLE categories ADD COLUMN removed BOOLEAN NOT NULL DEFAULT 0",
        """CREATE TABLE category_changes (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at TEXT NOT NULL,
            who TEXT NOT NULL,
            verb TEXT NOT NULL,
            undoes INTEGER REFERENCES category_changes (id),
            before TEXT NOT NULL,
            after TEXT NOT NULL)""",
        _immutable("category_changes", "UPDATE"),
        _immutable("category_changes", "DELETE"),
        "CREATE INDEX instances_by_category ON instances (category_id, state)",
    ),
    "0006_bulks": (
        """CREATE TABLE bulks (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            client TEXT NOT NULL UNIQUE,
            at TEXT NOT NULL,
            who TEXT NOT NULL,
            verb TEXT NOT NULL,
            query TEXT NOT NULL,
            total INTEGER NOT NULL,
            done INTEGER NOT NULL,
            ended BOOLEAN NOT NULL,
            undone BOOLEAN NOT NULL)""",
    ),
    "0007_flags": (
        "ALTER TABLE instances ADD COLUMN flags TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE instances ADD COLUMN note TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE instances ADD COLUMN locked BOOLEAN NOT NULL DEFAULT 0",
        "ALTER TABLE decisions ADD COLUMN flags TEXT",
        "ALTER TABLE decisions ADD COLUMN note TEXT",
        "ALTER TABLE decisions ADD COLUMN locked BOOLEAN",
        "ALTER TABLE images ADD COLUMN note TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE gestures ADD COLUMN note TEXT",
    ),
    "0008_shapes": (
        "ALTER TABLE instances ADD COLUMN area INTEGER",
        "ALTER TABLE instances ADD COLUMN box_width INTEGER",
        "ALTER TABLE instances ADD COLUMN box_height INTEGER",
        "CREATE INDEX instances_without_shape ON instances (id) WHERE area IS NULL",
        # All that a gallery orders by, so that no mask is read on the way.
        "DROP INDEX instances_by_category",
        """CREATE INDEX instances_by_category
            ON instances (category_id, state, image_id, score, area, box_width, box_height)""",
        # All that statistics ask of decisions and gestures, likewise.
        "DROP INDEX decisions_by_gesture",
        "CREATE INDEX decisions_by_gesture ON decisions (gesture_id, state)",
        "CREATE INDEX gestures_by_day ON gestures (reviewed, at, verb, image_id)",
    ),
    "0009_pictures": (
        "ALTER TABLE images ADD COLUMN flags TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE images ADD COLUMN failure TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE gestures ADD COLUMN flags TEXT",
    ),
    "0010_prelabelled_by": ("ALTER TABLE images ADD COLUMN prelabelled_by TEXT",),
    "0011_quick_search": (
        # In the order of ids, so that nothing is sorted, with all that a search asks of an image but its name.
        "DROP INDEX images_by_review",
        "CREATE INDEX images_in_order ON images (removed, id, reviewed, prelabelled)",
        # Flags, notes and locks are searched as well: no mask is read on the way.
        "DROP INDEX instances_by_image",
        """CREATE INDEX instances_by_image
            ON instances (image_id, state, category_id, score, source, edited, crowd, locked, flags, note)""",
    ),
    "0012_days_and_sizes": (
        # The last decision about an instance is found without reading its mask.
        "DROP INDEX decisions_by_key",
        "CREATE INDEX decisions_by_key ON decisions (key, gesture_id, state)",
        # Nor does a search by size read any.
        "DROP INDEX instances_by_image",
        """CREATE INDEX instances_by_image
            ON instances (image_id, state, category_id, score, area, source, edited, crowd, locked, flags, note)""",
    ),
    "0013_broken_bulks": ("ALTER TABLE bulks ADD COLUMN asked TEXT NOT NULL DEFAULT ''",),
    "0014_answers": ("CREATE INDEX suggestions_by_key ON suggestions (key, category_id)",),
    "0015_prompts": (
        "ALTER TABLE instances ADD COLUMN prompt TEXT",
        "ALTER TABLE decisions ADD COLUMN prompt TEXT",
    ),
    "0017_flagged": (
        "CREATE INDEX instances_flagged ON instances (state, image_id, score, flags) WHERE flags <> '[]'",
    ),
    "0018_unseen": (
        "CREATE TABLE unseen (bulk_id INTEGER PRIMARY KEY NOT NULL REFERENCES bulks (id),"
        " target FLOAT NOT NULL, sample TEXT NOT NULL)",
    ),
}
