"""What does not go well at once is tried again, as long as that may help."""

import pytest

from annotator.system.patience import patiently

PAUSES = (0.001, 0.001)


class Work:
    def __init__(self, *failures):
        self.failures, self.tries = list(failures), 0

    def __call__(self):
        self.tries += 1
        if self.failures:
            raise self.failures.pop(0)
        return "done"


def test_work_is_tried_again_after_each_pause_and_no_further():
    work = Work(OSError(1), OSError(2))
    assert (patiently(work, PAUSES), work.tries) == ("done", 3)
    work = Work(OSError("first"), OSError("second"), OSError("last"))
    with pytest.raises(OSError, match="last"):
        patiently(work, PAUSES)
    assert work.tries == 3


def test_what_will_not_change_is_told_at_once():
    work = Work(FileNotFoundError())
    with pytest.raises(FileNotFoundError):
        patiently(work, PAUSES, at_once=(FileNotFoundError,))
    assert work.tries == 1
