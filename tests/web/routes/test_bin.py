"""What is removed lies in the bin until it is emptied."""

from tests.web.conftest import png


def test_what_is_removed_goes_to_the_bin_and_comes_back_until_it_is_emptied(client, base, projects):
    for seed in range(3):
        client.post(f"{base}/images", params={"name": f"{seed}.png"}, content=png(seed=seed))
    client.delete(f"{base}/images/1")
    assert client.get(f"{base}/queue").json()["bin"] == 1
    assert client.get(f"{base}/bin").json() == {"images": [{"id": 1, "name": "0.png"}]}
    assert client.post(f"{base}/bin/1/restore").json() == {"count": 1}
    assert client.post(f"{base}/bin/1/restore").status_code == 404
    assert client.post(f"{base}/bin").json() == {"count": 3}
    assert client.get(f"{base}/queue").json()["images"] == []
    assert client.post(f"{base}/bin/restore").json() == {"count": 3}
    client.delete(f"{base}/images/2")
    sha256 = projects.get(projects.local_key).bin()[0].sha256
    folder = projects.get(projects.local_key).folder
    assert [path.parent.name for path in folder.rglob(f"*{sha256}*")]
    assert client.delete(f"{base}/bin").json() == {"count": 1}
    assert list(folder.rglob(f"*{sha256}*")) == []  # nor a thumbnail of it
    assert client.get(f"{base}/bin").json() == {"images": []}
    gone = client.post(f"{base}/bin/2/restore")
    assert gone.status_code == 404
    assert "emptied" in gone.json()["error"]
    assert client.post(f"{base}/bin/restore").json() == {"count": 0}
    assert client.delete(f"{base}/bin").json() == {"count": 0}
    # The same picture added again is the same image, whole.
    assert client.post(f"{base}/images", params={"name": "again.png"}, content=png(seed=1)).json()["id"] == 2
    assert client.get(f"{base}/pictures/2").status_code == 200
