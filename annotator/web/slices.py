"""A slice of a batch: the pictures of one project that are done before it is another project's turn.

Pictures are done together, until one of them brings down a server or meets an error that nobody foresaw: then each is
done alone, and what is alone in the decoder or in the network when the server ends is noted in the project.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from annotator.core.dataset import Image
from annotator.core.errors import AnnotatorError, ModelError
from annotator.prelabel import batch
from annotator.prelabel.journey import Failed, Failure, Outcome, Way
from annotator.storage.store import Store
from annotator.vision.networks.detector import Detector
from annotator.web.batch_record import CAREFUL, Job, note_done, save_progress

MAX_DEATHS = 2
"""How often the server may end while a picture is alone in the decoder or in the network, before it is given up."""


def run_slice(
    job: Job,
    store: Store,
    detectors: Sequence[Detector],
    *,
    paused: Callable[[], bool],
    plain: Callable[[str], str],
    require_held: Callable[[], None],
) -> None:
    """Do pictures of a batch until `paused` says so or none is left.

    detectors: one, or two whose suggestions are merged. plain: an error's line as its reader may see it. require_held:
    raises where the batch is not this server's any more. Raises ModelError where the network fails on all that it gets,
    and StoreError.
    """

    def finished(outcomes: Sequence[Outcome[Image]]) -> None:
        with store.together():
            require_held()
            note_done(store, job, outcomes)

    in_a_row = 0
    while job.remaining and not paused():
        if not job.careful:
            try:
                batch.prelabel_queued(
                    store,
                    detectors[0],
                    tuple(job.remaining),
                    second=second_of(detectors),
                    finished=finished,
                    cancelled=paused,
                )
            except ModelError:
                job.careful = CAREFUL
            except AnnotatorError:
                raise
            except Exception:  # one of the pictures under way: each alone, the one shows itself
                job.careful = CAREFUL
            continue
        error = _do_alone(job, store, detectors, finished, plain=plain)
        in_a_row = in_a_row + 1 if error is not None else 0
        if error is not None and in_a_row == CAREFUL:
            raise error  # not the pictures, but what they go through
        job.careful -= 1


def _do_alone(
    job: Job, store: Store, detectors: Sequence[Detector], finished: batch.Finished, *, plain: Callable[[str], str]
) -> ModelError | None:
    """Do one picture. Returns the error of the network, if that is why it was not done."""
    image = job.remaining[0]
    if job.deaths >= MAX_DEATHS:
        reason = "given up: the server ended twice while this picture was being decoded or seen"
        finished([Failed(image, Failure(image.file_name, reason))])
        return None
    try:
        journey = batch.journey_of(store, detectors[0], second=second_of(detectors))
        outcome = _see(job, store, journey, image)
        batch.keeper_of(store, journey, total=1, finished=finished).keep([outcome])
    except ModelError as error:
        finished([Failed(image, Failure.of(image.file_name, error))])
        return error
    except AnnotatorError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        finished([Failed(image, Failure(image.file_name, plain(reason)))])
        return ModelError(f"{job.model}: {reason}")
    return None


def second_of(detectors: Sequence[Detector]) -> Detector | None:
    return detectors[1] if len(detectors) > 1 else None


def _see(job: Job, store: Store, journey: Way[Image], image: Image) -> Outcome[Image]:
    """Read one picture and run the network on it. The record says so before and after: a server that starts after a
    crash knows.
    """
    job.inside = True
    save_progress(store, job)
    (outcome,) = journey.outcomes([image], patience=1)
    job.inside = False
    save_progress(store, job)
    return outcome
