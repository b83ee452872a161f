import pytest

from annotator.vision.networks import zoo
from annotator.vision.networks.served.adding import add_served
from tests.vision.networks.served.serving import serving


@pytest.fixture
def server(known_model):
    """A server that runs the network of known answers, as `people`."""
    with serving(zoo.find(known_model).xml_path) as served:
        yield served


@pytest.fixture
def remote(server, known_model):
    """The network on the server, in the zoo beside the one that is here."""
    return add_served("remote", known_model, url=server.address, model="people")
