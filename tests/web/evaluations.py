"""Networks that are compared beside the requests, waited for."""

from tests.web.batches import wait_until


def settled(work, key):
    """The figures once what is under way has ended."""
    wait_until(lambda: work.look(key).under_way is None)
    return work.look(key)
