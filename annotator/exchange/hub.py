"""An export sent to the Hugging Face Hub, in one commit."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from annotator.core.errors import ExportError
from annotator.exchange.leaving import Written
from annotator.exchange.repository import CARD, MARK, repository


def push(written: Written, folder: Path, *, name: str, private: bool = True) -> str:
    """Upload an export from its folder as a dataset; the dataset's address.

    name: USER/NAME; the dataset is made when absent, private unless asked otherwise. A card that somebody wrote there
    stays as it is. The token is that of `hf auth login` or of HF_TOKEN. Raises ExportError in one line.
    """
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HFValidationError

    content = repository(written, folder, name=name)
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT"), library_name="annotator")
    try:
        address = api.create_repo(name, repo_type="dataset", private=private, exist_ok=True)
        if _has_own_card(api, name):
            del content[CARD]
        operations = [
            CommitOperationAdd(path, found if isinstance(found, bytes) else str(found))
            for path, found in content.items()
        ]
        api.create_commit(name, operations, repo_type="dataset", commit_message="Export of annotator")
    except HFValidationError as error:
        raise ExportError(f"{name}: no name of a dataset, expected USER/NAME") from error
    # The Hub's errors are of several families (of its own, of its HTTP library, OSError): all of them end here.
    except Exception as error:
        raise ExportError(f"{name}: cannot be pushed to {api.endpoint}: {_reason(error)}") from error
    return str(address)


def _has_own_card(api: Any, name: str) -> bool:
    """Whether the dataset has a card that is not of an earlier push."""
    if not api.file_exists(name, CARD, repo_type="dataset"):
        return False
    with tempfile.TemporaryDirectory() as place:
        path = api.hf_hub_download(name, CARD, repo_type="dataset", local_dir=place)
        return MARK not in Path(path).read_text("utf-8", errors="replace")


def _reason(error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    said = " ".join(str(getattr(error, "server_message", None) or error).split())[:200] or type(error).__name__
    if status == 401 or "token" in type(error).__name__.lower():
        return f"{said} (log in with `hf auth login`, or set HF_TOKEN to a token that may write)"
    return f"{said} (HTTP {status})" if status else said
