"""The named migrations that lead to the tables of storage/schema.py from every released schema.

A released migration is never edited: what comes later is a new one at the end.

Tests: tests/storage/test_schema.py
"""

from __future__ import annotations

APPLICATION_ID = 0x414E4E4F  # "ANNO": tells a project's database from any other SQLite file

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
    "0019_runs": (
        """CREATE TABLE runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            image_id INTEGER NOT NULL REFERENCES images (id),
            source TEXT NOT NULL,
            at TEXT NOT NULL,
            whole BOOLEAN NOT NULL,
            UNIQUE (image_id, source, at))""",
        "CREATE INDEX suggestions_by_run ON suggestions (image_id, source, at)",
        # What was found about objects that were decided was not kept; before the first gesture there were none.
        """INSERT INTO runs (image_id, source, at, whole)
            SELECT image_id, source, at, NOT EXISTS
                (SELECT 1 FROM gestures WHERE gestures.image_id = suggestions.image_id AND gestures.at < suggestions.at)
            FROM suggestions GROUP BY image_id, source, at ORDER BY at""",
        # Where nothing was found, nobody can tell whether something was left out; without an instance nothing was.
        """INSERT INTO runs (image_id, source, at, whole)
            SELECT id, prelabelled_by, added_at, NOT EXISTS (SELECT 1 FROM instances WHERE image_id = images.id)
            FROM images WHERE prelabelled AND prelabelled_by IS NOT NULL AND NOT EXISTS
                (SELECT 1 FROM suggestions WHERE image_id = images.id AND source = prelabelled_by)""",
    ),
    "0020_votes": (
        "ALTER TABLE instances ADD COLUMN agreement TEXT CHECK (agreement IN ('both', 'one', 'conflict', 'silent'))",
        "ALTER TABLE instances ADD COLUMN vote_by TEXT",
        "ALTER TABLE instances ADD COLUMN vote_score FLOAT CHECK (vote_score BETWEEN 0 AND 1)",
        "ALTER TABLE instances ADD COLUMN vote_iou FLOAT CHECK (vote_iou BETWEEN 0 AND 1)",
        "ALTER TABLE instances ADD COLUMN vote_category INTEGER",
        # Searches and galleries ask for them: no mask is read on the way.
        "DROP INDEX instances_by_image",
        """CREATE INDEX instances_by_image ON instances
            (image_id, state, category_id, score, area, source, edited, crowd, locked, flags, note, agreement,
            vote_iou)""",
        "DROP INDEX instances_by_category",
        """CREATE INDEX instances_by_category
            ON instances (category_id, state, image_id, score, area, box_width, box_height, agreement)""",
    ),
    "0021_tools": (
        "ALTER TABLE gestures ADD COLUMN tool TEXT",
        "ALTER TABLE gestures ADD COLUMN clicks INTEGER",
    ),
    "0022_blind": (
        """CREATE TABLE blind (
            image_id INTEGER PRIMARY KEY NOT NULL REFERENCES images (id),
            picked BOOLEAN NOT NULL,
            shown_at INTEGER)""",
    ),
    "0023_people": (
        """CREATE TABLE people (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            login TEXT UNIQUE,
            name TEXT NOT NULL,
            role TEXT NOT NULL CHECK (role IN ('annotate', 'review', 'manage')),
            revision INTEGER NOT NULL,
            added_at TEXT NOT NULL,
            added_by TEXT NOT NULL)""",
    ),
    "0024_twice": (
        """CREATE TABLE twice (
            image_id INTEGER PRIMARY KEY NOT NULL REFERENCES images (id),
            picked BOOLEAN NOT NULL,
            take_id INTEGER UNIQUE REFERENCES images (id),
            given_to TEXT,
            given_at TEXT,
            as_of INTEGER,
            settled TEXT CHECK (settled IN ('first', 'second', 'some')))""",
    ),
    "0025_leases": (
        """CREATE TABLE leases (
            image_id INTEGER PRIMARY KEY NOT NULL REFERENCES images (id),
            name TEXT NOT NULL,
            client TEXT NOT NULL,
            until INTEGER NOT NULL)""",
        "CREATE INDEX leases_by_client ON leases (client)",
        # The next picture to do is found without passing those that are done, in the two orders that never change.
        "CREATE INDEX images_to_do ON images (removed, reviewed, id)",
        "CREATE INDEX images_to_do_by_name ON images (removed, reviewed, name_order, id)",
    ),
    "0026_verdicts": (
        """CREATE TABLE verdicts (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            image_id INTEGER NOT NULL REFERENCES images (id),
            revision INTEGER NOT NULL,
            verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'sentback', 'withdrawn')),
            note TEXT NOT NULL,
            who TEXT NOT NULL,
            whom TEXT NOT NULL,
            at TEXT NOT NULL,
            UNIQUE (image_id, revision))""",
        "CREATE INDEX verdicts_by_image ON verdicts (image_id, id, verdict, whom)",
        "CREATE INDEX verdicts_by_whom ON verdicts (whom, verdict, id, image_id)",
        _immutable("verdicts", "UPDATE"),
        _immutable("verdicts", "DELETE"),
        # Which pictures somebody worked on, and when they did last, without reading gestures.
        "CREATE INDEX gestures_by_person ON gestures (who, at, verb, image_id)",
    ),
}
