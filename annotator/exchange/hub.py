"""A dataset that was exported, to the Hugging Face Hub."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from annotator.core.errors import ExportError

CARD = "README.md"


def push(files: Sequence[Path], folder: Path, *, name: str, lines: Sequence[str], private: bool = True) -> str:
    """Upload the files of an export in one commit, under their paths below the folder; the dataset's address.

    name: USER/NAME; the dataset is made when absent, private unless asked otherwise. lines: what the export said of
    itself; they make the card, unless the dataset has one. The token is that of `hf auth login` or of HF_TOKEN.
    Raises ExportError in one line.
    """
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HFValidationError

    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT"), library_name="annotator")
    try:
        address = api.create_repo(name, repo_type="dataset", private=private, exist_ok=True)
        operations = [CommitOperationAdd(path.relative_to(folder).as_posix(), str(path)) for path in files]
        if not api.file_exists(name, CARD, repo_type="dataset"):
            operations.append(CommitOperationAdd(CARD, card(name, files, folder, lines).encode()))
        api.create_commit(name, operations, repo_type="dataset", commit_message="Export of annotator")
    except HFValidationError as error:
        raise ExportError(f"{name}: no name of a dataset, expected USER/NAME") from error
    # The Hub's errors are of several families (of its own, of its HTTP library, OSError): all of them end here.
    except Exception as error:
        raise ExportError(f"{name}: cannot be pushed to {api.endpoint}: {_reason(error)}") from error
    return str(address)


def card(name: str, files: Sequence[Path], folder: Path, lines: Sequence[str]) -> str:
    """The dataset's README: what the Hub sorts it by, and what the export said of itself."""
    annotations = [path.relative_to(folder).as_posix() for path in files if path.name.startswith("instances")]
    listed = "".join(f"- `{path}`\n" for path in annotations)
    report = "\n".join(line for line in lines if "```" not in line)
    return (
        "---\ntask_categories:\n- image-segmentation\n- object-detection\n"
        "tags:\n- coco\n- instance-segmentation\n---\n\n"
        f"# {name.rpartition('/')[2]}\n\n"
        f"Instance masks, exported by annotator and read back with pycocotools.\n\n{listed}\n"
        f"```\n{report}\n```\n"
    )


def _reason(error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    said = " ".join(str(getattr(error, "server_message", None) or error).split())[:200] or type(error).__name__
    if status == 401 or "token" in type(error).__name__.lower():
        return f"{said} (log in with `hf auth login`, or set HF_TOKEN to a token that may write)"
    return f"{said} (HTTP {status})" if status else said
