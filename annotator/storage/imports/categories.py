"""The categories of an imported file: found by name, added under their own ids where those are free."""

from __future__ import annotations

from dataclasses import replace

from annotator.core.dataset import Category
from annotator.storage.categories import CategoryBook, categories, category_name
from annotator.storage.images import plain_text
from annotator.storage.imports.work import Work


def import_categories(work: Work) -> int:
    """Fill the file's `category_ids`; how many categories were added."""
    book = CategoryBook(work.connection)
    # Two names of one file that differ in spaces only stay two categories.
    before: dict[str, list[Category]] = {}
    for known in categories(work.connection):
        before.setdefault(known.name.strip(), []).append(known)
    added: set[int] = set()
    for category in work.dataset.categories:
        work.step()
        name = category_name(category.name)
        same = before.get(name, [])
        mine = next((other for other in same if other.id == category.id), same[0] if same else book.meant(name))
        if mine is None or mine.id in added:
            kept = category.name if plain_text(category.name) == category.name else name
            mine = book.join(replace(category, name=kept))
            added.add(mine.id)
        else:
            book.complete(mine, category)
        if mine.id != category.id:
            work.note(f"category {category.id} {name!r:.80}", f"is category {mine.id} in the project")
        if mine.name != category.name:
            path = f"category {category.id} {category.name!r:.80}"
            work.note(path, f"is called {mine.name!r:.80} in the project")
        work.category_ids[category.id] = mine.id
    return len(added)
