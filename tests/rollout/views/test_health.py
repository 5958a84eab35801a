def test_healthz_answers_ok_to_anyone(client):
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.content == b"ok\n"


def test_healthz_takes_no_post(client):
    assert client.post("/healthz").status_code == 405
